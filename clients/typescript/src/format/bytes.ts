/** Bytes: big-endian integers, text forms, and a cursor that reads them. */

/** Bytes in memory of their own kind: WebCrypto refuses memory that is shared between threads. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const STEP = 0x8000; // arguments of one call: engines limit their number

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function u16(value: number): Bytes {
  return Uint8Array.of(value >>> 8, value);
}

export function u32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** A safe integer as eight bytes. */
export function u64(value: number): Bytes {
  return concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32));
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compares in a time that depends on the length alone. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let different = 0;
  for (let i = 0; i < left.length; i++) different |= left[i] ^ right[i];
  return different === 0;
}

export function startsWith(data: Uint8Array, beginning: Uint8Array): boolean {
  return data.length >= beginning.length && beginning.every((byte, i) => data[i] === byte);
}

export function isZero(data: Uint8Array): boolean {
  return data.every((byte) => byte === 0);
}

export function toHex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads lowercase hexadecimal; null for any other text. */
export function fromHex(text: string): Bytes | null {
  if (!HEX.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Padded Base64 (RFC 4648, section 4). */
export function toBase64(data: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < data.length; at += STEP) pieces.push(String.fromCharCode(...data.subarray(at, at + STEP)));
  return btoa(pieces.join(""));
}

/** Reads Base64 that `toBase64` would write; null for any other text. */
export function fromBase64(text: string): Bytes | null {
  if (!BASE64.test(text) || text.length % 4 !== 0) return null; // atob skips white space
  const characters = atob(text);
  const data = new Uint8Array(characters.length);
  for (let i = 0; i < data.length; i++) data[i] = characters.charCodeAt(i);
  return toBase64(data) === text ? data : null;
}

/** Base64url without padding (RFC 4648, section 5). */
export function toBase64Url(data: Uint8Array): string {
  return toBase64(data).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Reads Base64url that `toBase64Url` would write; null for any other text. */
export function fromBase64Url(text: string): Bytes | null {
  if (/[+/=]/.test(text)) return null;
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(padded.padEnd(Math.ceil(padded.length / 4) * 4, "="));
}

/** Reads bytes from the front, and throws RangeError where they end too early. */
export class Cursor {
  readonly #data: Bytes;
  #at = 0;

  constructor(data: Bytes) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  take(length: number): Bytes {
    if (length > this.left) throw new RangeError("The data end too early");
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }

  /** An unsigned integer of 1 to 8 bytes; beyond 2^53 it is rounded, and still too large for everything. */
  number(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }
}
