/** What reports of key figures have in common. */
import { z } from 'zod';

/** Null where there is nothing to be a part of. */
export const Percent = z.number().nullable();

/** To a hundredth of a per cent. */
export const percent = (part: number, whole: number): number | null => (whole === 0 ? null : hundredths((100 * part) / whole));

export const hundredths = (value: number): number => Math.round(100 * value) / 100;

/** Rows behind a figure that are shown at most; its list has the others. */
export const RECORDS_MAX = 1_000;
