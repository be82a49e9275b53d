/**
 * Canonical JSON: exactly one sequence of bytes for each value (docs/reference/format.md, "Canonical JSON"). RFC 8785
 * without fractions, keys of `[a-z0-9_]+`, at most 16 levels.
 */

import { type Bytes, equal, fromBase64, utf8 } from "./bytes.ts";

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

const DEEPEST = 16;
const KEY = /^[a-z0-9_]+$/;
const SHA256 = /^[0-9a-f]{64}$/;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A value has no canonical form, or bytes are not in canonical form. */
export class NotCanonical extends Error {}

/** Writes the compact form; a lone surrogate becomes U+FFFD. */
export function dumps(value: JsonValue): Bytes {
  return utf8(write(value, "", 0));
}

/** Writes the indented form of the key file: two spaces a level, and a final line feed. */
export function dumpsIndented(value: JsonValue): Bytes {
  return utf8(`${write(value, "\n", 0)}\n`);
}

/** Reads the compact form, and refuses bytes that `dumps` would not write. */
export function loads(data: Uint8Array): JsonValue {
  return read(data, dumps);
}

/** Reads the indented form, and refuses bytes that `dumpsIndented` would not write. */
export function loadsIndented(data: Uint8Array): JsonValue {
  return read(data, dumpsIndented);
}

/** Whether a value is an object with exactly these keys. */
export function hasKeys(value: JsonValue | undefined, ...keys: readonly string[]): value is JsonObject {
  return isObject(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is an integer, from `least` to `most`. */
export function isInteger(value: JsonValue | undefined, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && least <= (value as number) && (value as number) <= most;
}

/** Whether a value is a SHA-256, 64 hexadecimal digits in lower case. */
export function isDigest(value: JsonValue | undefined): value is string {
  return typeof value === "string" && SHA256.test(value);
}

/** Reads canonical Base64 of `least` to `most` bytes; null for anything else. */
export function bytesOf(value: JsonValue | undefined, least = 0, most = Infinity): Bytes | null {
  const data = typeof value === "string" ? fromBase64(value) : null;
  return data !== null && least <= data.length && data.length <= most ? data : null;
}

function read(data: Uint8Array, form: (value: JsonValue) => Bytes): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data)) as JsonValue;
  } catch {
    // No cause: the parser's error quotes the document, and the document may hold a key.
    throw new NotCanonical("Not JSON");
  }
  if (!equal(form(value), data)) throw new NotCanonical("Not the canonical form"); // also of a key that occurs twice
  return value;
}

function write(value: JsonValue, line: string, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.replace(LONE_SURROGATE, "\ufffd"));
  if (typeof value === "number") return writeInteger(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (depth === DEEPEST) throw new NotCanonical("More than 16 levels");
  const inner = line && `${line}  `;
  const items = Array.isArray(value)
    ? value.map((item) => write(item, inner, depth + 1))
    : Object.keys(value).sort().map((key) => writeMember(key, value[key], inner, depth));
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return items.length === 0 ? open + close : open + inner + items.join(`,${inner}`) + line + close;
}

function writeMember(key: string, value: JsonValue, line: string, depth: number): string {
  if (!KEY.test(key)) throw new NotCanonical("A key outside [a-z0-9_]+");
  return `"${key}":${line && " "}${write(value, line, depth + 1)}`;
}

function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new NotCanonical("A fraction, or an integer beyond 2^53 - 1");
  return String(value);
}
