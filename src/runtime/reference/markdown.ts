/** Markdown that is the same however often it is written. */

/** A cell: what would end it is escaped. */
const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|');

export const tableOf = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map(row => `| ${row.map(cell).join(' | ')} |`).join('\n');

export const code = (text: string): string => `\`${text}\``;

/** Parts of a page with a blank line between them; absent ones are left out. */
export const page = (...parts: readonly (string | readonly string[] | undefined)[]): string =>
  `${parts
    .flat()
    .filter(part => part !== undefined && part !== '')
    .join('\n\n')}\n`;

export const GENERATED = 'Written by `npm run docs` from the definitions; a test fails when it is stale. Do not edit it by hand.';
