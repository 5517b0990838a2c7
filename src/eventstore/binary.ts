/**
 * Arrays in Postgres's binary format (array_recv): a query parameter given as a Buffer travels as it is, so payloads reach
 * the table as the bytes the client sent, without escaping and without a detour through strings.
 */
const TEXT_OID = 25;
const BIGINT_OID = 20;
const UUID_OID = 2950;
const BOOLEAN_OID = 16;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

function arrayOf(elementOid: number, elements: readonly Uint8Array[]): Buffer {
  const bytes = elements.reduce((sum, element) => sum + LENGTH_BYTES + element.length, HEADER_BYTES);
  const array = Buffer.allocUnsafe(bytes);
  // One dimension, no nulls, element type, length, first index 1.
  [1, 0, elementOid, elements.length, 1].forEach((field, index) => {
    array.writeInt32BE(field, index * LENGTH_BYTES);
  });
  let offset = HEADER_BYTES;
  for (const element of elements) {
    array.writeInt32BE(element.length, offset);
    array.set(element, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + element.length;
  }
  return array;
}

/** Strings, or UTF-8 bytes without NUL. */
export function textArray(values: readonly (string | Uint8Array)[]): Buffer {
  return arrayOf(
    TEXT_OID,
    values.map(value => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value)),
  );
}

export function bigintArray(values: readonly bigint[]): Buffer {
  return arrayOf(
    BIGINT_OID,
    values.map(value => {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64BE(value);
      return bytes;
    }),
  );
}

export function uuidArray(values: readonly string[]): Buffer {
  return arrayOf(
    UUID_OID,
    values.map(value => Buffer.from(value.replaceAll('-', ''), 'hex')),
  );
}

export function booleanArray(values: readonly boolean[]): Buffer {
  return arrayOf(
    BOOLEAN_OID,
    values.map(value => Uint8Array.of(value ? 1 : 0)),
  );
}
