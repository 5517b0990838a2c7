/** Lines of documents as rows of their own. */

/** Document and line, joined by `~`: the id of a line's row. */
export const lineKey = (documentId: string, line: number): string => `${documentId}~${line}`;

/** The line of a document that a row is about. */
export const lineOf = <Line extends { readonly line: number }>(lines: readonly Line[], documentId: string, key: string): Line | undefined =>
  lines.find(({ line }) => lineKey(documentId, line) === key);
