/** The prefix codes of deflate (RFC 1951, section 3.2.2). */

import { ImageCorrupt } from "../failures.ts";

export const MAX_BITS = 15;
/** Codes of up to so many bits are looked up at once; a larger table would cost more than a hostile stream of tiny blocks. */
export const FAST_BITS = 9;

export interface Code {
  /** By the next FAST_BITS bits, lowest first: symbol << 4 | bits of its code; 0 where the code is longer, or is none. */
  readonly fast: Uint16Array;
  /** The number of codes of each length, and all symbols in the order of their codes. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/**
 * The code of symbols with these lengths, as zlib takes it: not over-subscribed, and complete.
 *
 * @param mayBeLone whether a single code of one bit, or none at all, is accepted
 */
export function buildCode(lengths: Uint8Array, mayBeLone: boolean): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  checkComplete(counts, mayBeLone);
  const symbols = new Uint16Array(lengths.length);
  const fast = new Uint16Array(1 << FAST_BITS);
  const [offsets, codes] = firsts(counts);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    symbols[offsets[length]++] = symbol;
    const code = codes[length]++;
    if (length > FAST_BITS) return;
    const entry = (symbol << 4) | length;
    for (let at = reverse(code, length); at < fast.length; at += 1 << length) fast[at] = entry;
  });
  return { fast, counts, symbols };
}

/** The fixed codes of RFC 1951, section 3.2.6. */
export function fixedCodes(): readonly [literals: Code, distances: Code] {
  const literals = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  return [buildCode(literals, false), buildCode(new Uint8Array(32).fill(5), false)];
}

function checkComplete(counts: Uint16Array, mayBeLone: boolean): void {
  let left = 1;
  let longest = 0;
  for (let length = 1; length <= MAX_BITS; length++) {
    left = 2 * left - counts[length];
    if (left < 0) break;
    if (counts[length] > 0) longest = length;
  }
  if (left < 0 || (left > 0 && !(mayBeLone && longest <= 1))) throw new ImageCorrupt("the image data of the PNG are damaged");
}

/** For each length, the place of its first symbol, and its first code. */
function firsts(counts: Uint16Array): readonly [offsets: Uint16Array, codes: Uint16Array] {
  const offsets = new Uint16Array(MAX_BITS + 1);
  const codes = new Uint16Array(MAX_BITS + 1);
  for (let length = 1; length <= MAX_BITS; length++) {
    offsets[length] = offsets[length - 1] + counts[length - 1];
    codes[length] = (codes[length - 1] + counts[length - 1]) << 1;
  }
  return [offsets, codes];
}

function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) reversed = (reversed << 1) | ((code >>> bit) & 1);
  return reversed;
}
