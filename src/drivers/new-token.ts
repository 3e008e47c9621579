import { randomBytes } from 'node:crypto';

/** 256 bits that nobody can guess. */
const TOKEN_BYTES = 32;

/** A token for a chute's services: 64 hexadecimal digits, another one each time. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex');
}
