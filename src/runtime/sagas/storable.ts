/** Postgres holds no NUL and no lone surrogate in text, and the message of an error may contain anything. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '');
