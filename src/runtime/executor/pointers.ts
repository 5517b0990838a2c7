import type { z } from 'zod';

/** JSON pointer (RFC 6901) of a path. */
export const pointer = (path: readonly PropertyKey[]): string =>
  path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Where and why a value does not fit its schema; an unknown key is named itself. */
export function pointersOf(error: z.ZodError): readonly { readonly pointer: string; readonly detail: string }[] {
  return error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => ({ pointer: pointer([...issue.path, key]), detail: 'This name is not known here.' }))
      : [{ pointer: pointer(issue.path), detail: sentenceOf(issue) }],
  );
}

/** What is missing is told as missing; zod would name the type of nothing. */
const sentenceOf = ({ code, message }: z.core.$ZodIssue): string =>
  code === 'invalid_type' && message.endsWith('received undefined') ? 'This is needed.' : message;
