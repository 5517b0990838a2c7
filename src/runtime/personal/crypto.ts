/** AES-256-GCM (NIST SP 800-38D): what was sealed opens only with the same key, for the same purpose, and only whole. */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Nonces are drawn many at a time: asking the kernel for twelve bytes costs more than sealing with them. */
const NONCES = Buffer.alloc(NONCE_BYTES * 512);
let drawn = NONCES.length;

function nonce(): Buffer {
  if (drawn === NONCES.length) {
    randomFillSync(NONCES);
    drawn = 0;
  }
  const fresh = Buffer.from(NONCES.subarray(drawn, drawn + NONCE_BYTES));
  drawn += NONCE_BYTES;
  return fresh;
}

/** Nonce, what was sealed, and tag. `purpose` is not kept: it must be said again to open. */
export function sealBytes(key: Uint8Array, content: Uint8Array, purpose: string): Buffer {
  const fresh = nonce();
  const cipher = createCipheriv(CIPHER, key, fresh).setAAD(Buffer.from(purpose));
  return Buffer.concat([fresh, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when anything is not as it was sealed */
export function openBytes(key: Uint8Array, sealed: Uint8Array, purpose: string): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('it is too short to be sealed');
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
