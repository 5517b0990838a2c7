import { BASE } from '../../api/commands.ts';
import { type Endpoint, pathNames } from '../../api/endpoint.ts';
import { code, GENERATED, page, tableOf } from './markdown.ts';
import { fieldsOf, shapeIn } from './shape.ts';

/** All operations over HTTP, by module. The same, for programs, is the OpenAPI document that a running house serves. */
export function apiReference(endpoints: readonly Endpoint[]): string {
  const chapters = [...Map.groupBy(endpoints, ({ module }) => module)].flatMap(([module, offered]) => [
    `## ${module}`,
    ...offered.map(entryOf),
  ]);
  return page(
    '# API reference',
    GENERATED,
    `${endpoints.length} operations below \`${BASE}\`. How to sign in, repeat safely, page through lists and read refusals: [api.md](../api.md). A running house serves the same as OpenAPI 3.1 (\`${BASE}/openapi.json\`) and as a page to try it on (\`${BASE}/docs\`). Money is \`{ "amount": "12.34", "currency": "RON" }\`; quantities, prices and rates are decimals as text; an instant is ISO 8601 in UTC.`,
    chapters,
  );
}

function entryOf({
  method,
  path,
  type,
  summary,
  access,
  kind,
  input,
  output,
  status,
  media,
  csv,
  compares,
  clocks = [],
}: Endpoint): string {
  const names = pathNames(path);
  const fields = fieldsOf(input, 'input').filter(({ name }) => !names.includes(name));
  const rows = fields.map(({ name, required, shape, description }) => [
    code(name),
    `${shape}${required ? '' : ', optional'}${description === '' ? '' : `: ${description}`}`,
  ]);
  const answer =
    kind === 'command' || status === 204 ? undefined : `Answers ${media ?? ''} ${shapeIn(output, 'output')}`.replace(/ +/g, ' ');
  return page(
    `### ${method} ${path}`,
    `**${type}.** ${summary} ${rightTo(access)}${pastOf(clocks)}${compares === true ? ' Compares with how it was at `since`.' : ''}${csv === true ? ' Also as CSV.' : ''}`,
    rows.length === 0 ? undefined : tableOf([kind === 'query' ? 'parameter' : 'member of the body', 'shape'], rows),
    answer,
  ).trimEnd();
}

const pastOf = (clocks: readonly string[]): string =>
  clocks.length === 0 ? '' : ` Answers about the past too, with \`asOf\` (clock: ${clocks.join(' or ')}).`;

const rightTo = (access: Endpoint['access']): string =>
  access === 'public' ? 'For everybody.' : access === 'signed-in' ? 'For whoever is signed in.' : `Takes ${code(access)}.`;
