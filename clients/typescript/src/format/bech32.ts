/** Bech32 (BIP 173, constant 1), of any length: the text form of age's keys. */

import type { Bytes } from "./bytes.ts";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM = 6;

export function encodeBech32(prefix: string, data: Uint8Array): string {
  const digits = regroup(data, 8, 5) ?? [];
  const sum = polymod([...expand(prefix), ...digits, 0, 0, 0, 0, 0, 0]) ^ 1;
  const checksum = Array.from({ length: CHECKSUM }, (_, i) => (sum >>> (5 * (CHECKSUM - 1 - i))) & 31);
  return `${prefix}1${[...digits, ...checksum].map((digit) => ALPHABET[digit]).join("")}`;
}

/** The data behind a prefix, or null: mixed case, another prefix or character, a wrong checksum, padding that is not zero. */
export function decodeBech32(prefix: string, text: string): Bytes | null {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return null;
  if (!lower.startsWith(`${prefix}1`)) return null;
  const digits = Array.from(lower.slice(prefix.length + 1), (character) => ALPHABET.indexOf(character));
  if (digits.length < CHECKSUM || digits.includes(-1) || polymod([...expand(prefix), ...digits]) !== 1) return null;
  const data = regroup(digits.slice(0, -CHECKSUM), 5, 8);
  return data && Uint8Array.from(data);
}

function expand(prefix: string): number[] {
  const codes = Array.from(prefix, (character) => character.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(digits: readonly number[]): number {
  return digits.reduce((sum, digit) => {
    const top = sum >>> 25;
    return GENERATOR.reduce((next, word, i) => ((top >>> i) & 1 ? next ^ word : next), ((sum & 0x1ffffff) << 5) ^ digit);
  }, 1);
}

/** Groups of `from` bits as groups of `to` bits. Longer groups become shorter ones with padding; it must be zero on the way back. */
function regroup(groups: Iterable<number>, from: number, to: number): number[] | null {
  const result: number[] = [];
  let value = 0;
  let bits = 0;
  for (const group of groups) {
    value = ((value << from) | group) & 0xfff;
    for (bits += from; bits >= to; ) {
      bits -= to;
      result.push((value >>> bits) & ((1 << to) - 1));
    }
  }
  const rest = (value << (to - bits)) & ((1 << to) - 1);
  if (from > to) return bits > 0 ? [...result, rest] : result;
  return bits < from && rest === 0 ? result : null;
}
