/** Shows the API reference and lets its reader try it. It reads openapi.json and asks nothing of any other place. */
const $ = id => document.getElementById(id);
let token;
let reference;

/** An element with attributes and children; strings become text, so nothing is ever parsed as markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== undefined));
  return made;
}

const resolved = schema => {
  const name = schema?.$ref?.split('/').slice(2);
  return name === undefined ? schema : resolved(name.reduce((at, part) => at[part], reference.components));
};

const operations = () =>
  Object.entries(reference.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

function showIndex(wanted = '') {
  const words = wanted.toLowerCase().split(/\s+/);
  const found = operations().filter(({ path, method, operation }) => {
    const text = `${method} ${path} ${operation.summary}`.toLowerCase();
    return words.every(word => text.includes(word));
  });
  const groups = Map.groupBy(found, ({ operation }) => operation.tags[0]);
  $('index').replaceChildren(
    ...[...groups].map(([tag, members]) => element('details', { open: '' }, element('summary', {}, tag), ...members.map(indexEntry))),
  );
}

const indexEntry = ({ path, method, operation }) =>
  element(
    'a',
    { href: `#${operation.operationId}`, 'aria-current': String(location.hash === `#${operation.operationId}`) },
    element('span', { class: 'method' }, method),
    element('span', {}, path.replace('/api/v1', '')),
  );

function showOperation() {
  const chosen = operations().find(({ operation }) => `#${operation.operationId}` === location.hash);
  showIndex($('search').value);
  if (chosen === undefined) return;
  const { path, method, operation } = chosen;
  const parameters = (operation.parameters ?? []).map(resolved);
  const body = resolved(operation.requestBody?.content['application/json'].schema);
  const answers = Object.entries(operation.responses).map(([status, answer]) => [status, resolved(answer)]);
  $('operation').replaceChildren(
    element('h2', {}, element('span', { class: 'method' }, method), ` ${path}`),
    element('p', {}, operation.summary),
    element('p', { class: 'quiet' }, 'Permission: ', element('code', {}, operation['x-permission'])),
    tryOut(chosen, parameters, body),
    ...(body === undefined ? [] : [element('h3', {}, 'Body'), schemaView(body)]),
    element('h3', {}, 'Answers'),
    element('table', {}, ...answers.map(([status, answer]) => answerRow(status, answer))),
  );
  $('operation').scrollTop = 0;
}

function answerRow(status, answer) {
  const schema = answer.content?.['application/json']?.schema;
  return element(
    'tr',
    {},
    element('th', {}, status),
    element('td', {}, answer.description, schema === undefined ? undefined : schemaView(schema)),
  );
}

function schemaView(given, depth = 0) {
  const schema = resolved(given) ?? {};
  const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (depth > 6) return element('span', { class: 'quiet' }, '…');
  if (parts !== undefined) return element('ul', { class: 'schema' }, ...parts.map(part => element('li', {}, schemaView(part, depth + 1))));
  if (schema.type === 'array') return element('div', {}, 'list of', schemaView(schema.items ?? {}, depth + 1));
  if (schema.properties === undefined) return element('span', { class: 'quiet' }, describe(schema));
  const rows = Object.entries(schema.properties).map(([name, member]) =>
    element('li', {}, element('code', {}, name), schema.required?.includes(name) ? ' ' : ' (optional) ', schemaView(member, depth + 1)),
  );
  return element('ul', { class: 'schema' }, ...rows);
}

const describe = ({ type, format, enum: values, const: only, pattern, description }) =>
  [[type].flat().join(' or '), format, values?.join(' | '), only, pattern && `matching ${pattern}`, description]
    .filter(part => part)
    .join(', ');

function tryOut({ path, method }, parameters, body) {
  const inputs = new Map(
    parameters.map(parameter => [parameter, element('input', { 'aria-label': parameter.name, value: suggestion(parameter) })]),
  );
  const area = body === undefined ? undefined : element('textarea', { 'aria-label': 'Body', spellcheck: 'false' });
  if (area !== undefined) area.value = JSON.stringify(example(body), null, 2);
  const result = element('div', { 'aria-live': 'polite' });
  const ask = async event => {
    event.preventDefault();
    result.replaceChildren('Asking …');
    result.replaceChildren(...(await call(path, method, inputs, area?.value)));
  };
  return element(
    'form',
    { onsubmit: ask },
    element('h3', {}, 'Try it'),
    element('table', {}, ...[...inputs].map(([parameter, input]) => parameterRow(parameter, input))),
    area,
    element('p', {}, element('button', {}, 'Ask')),
    result,
  );
}

const suggestion = ({ name, schema }) => (name === 'Idempotency-Key' ? crypto.randomUUID() : (schema.default ?? ''));

const parameterRow = ({ name, in: place, required, description, schema }, input) =>
  element(
    'tr',
    {},
    element('th', {}, element('code', {}, name), required ? ' *' : ''),
    element('td', {}, input),
    element('td', { class: 'quiet' }, [place, description ?? describe(schema)].filter(part => part).join(': ')),
  );

async function call(template, method, inputs, body) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const query = new URLSearchParams();
  let path = template;
  for (const [{ name, in: place }, { value }] of inputs) {
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '' && place === 'query') query.set(name, value);
    else if (value !== '' && place === 'header') headers[name] = value;
  }
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const url = query.size === 0 ? path : `${path}?${query}`;
  const answer = await fetch(url, { method, headers, body, credentials: 'omit' }).catch(error => error);
  if (answer instanceof Error) return [element('p', {}, `No answer: ${answer.message}`)];
  const text = await answer.text();
  const shown = ['etag', 'location', 'consistency-token', 'link', 'retry-after'].flatMap(name =>
    answer.headers.has(name) ? [`${name}: ${answer.headers.get(name)}`] : [],
  );
  return [
    element('h3', {}, `${answer.status} ${answer.statusText}`),
    element('pre', {}, [`${method} ${url}`, ...shown, '', pretty(text)].join('\n')),
  ];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A body to begin with: every required member with a value of its kind. */
function example(given, depth = 0) {
  const schema = resolved(given) ?? {};
  if (depth > 6) return null;
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [part] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (part !== undefined) return example(part, depth + 1);
  if (schema.type === 'array') return [example(schema.items, depth + 1)];
  if (schema.properties !== undefined)
    return Object.fromEntries((schema.required ?? []).map(name => [name, example(schema.properties[name], depth + 1)]));
  return { integer: 1, number: 1, boolean: false }[schema.type] ?? '';
}

async function signIn(event) {
  event.preventDefault();
  const { email, password } = Object.fromEntries(new FormData(event.target));
  const answer = await fetch('/api/v1/sessions', {
    method: 'POST',
    credentials: 'omit',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const said = await answer.json();
  token = said.token;
  $('who').textContent = token === undefined ? said.detail : `Signed in as ${said.user.name}`;
}

$('sign-in').addEventListener('submit', signIn);
$('search').addEventListener('input', event => showIndex(event.target.value));
addEventListener('hashchange', showOperation);
fetch('/api/v1/openapi.json')
  .then(answer => answer.json())
  .then(document => {
    reference = document;
    showIndex();
    showOperation();
  });
