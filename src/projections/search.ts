/** How lists are searched. */

/** A filter's condition: one of the expressions contains what is asked for, whatever the case of its letters. */
export const containing = (...expressions: readonly string[]): string =>
  expressions.map(sql => `strpos(${folded(sql)}, ${folded('?::text')}) > 0`).join(' or ');

/** The house sorts by code point; folding case needs the rules of Unicode. */
const folded = (sql: string): string => `lower(${sql} collate pg_c_utf8)`;
