import { z } from 'zod';

/** What a role's process tells the process that started it. */
export const RoleMessage = z.union([
  /** It does its work from now on; `url` is where it listens. */
  z.strictObject({ ready: z.literal(true), url: z.string().optional() }),
  /** Something the operator should read, in lines of text. */
  z.strictObject({ notice: z.string() }),
  /** It cannot start, for this reason. */
  z.strictObject({ refused: z.string() }),
]);
export type RoleMessage = z.infer<typeof RoleMessage>;
