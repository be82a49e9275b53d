/** The random choices of a shuffle, from the words of a lane (docs/reference/format.md, "Permutation", step b). */

import type { Bytes } from "./bytes.ts";

/** A keystream that is read from its beginning to its end. */
export interface Lane {
  /** Writes the next bytes over all of `target`. */
  read(target: Bytes): Promise<void>;
}

export interface Lanes {
  lane(number: number): Lane;
}

const WORDS = 2 ** 32;
/** The first size whose product with a word may exceed 2^53, so that a double does not hold it. */
const LARGE = 2 ** 21;

/** For each pixel i of a bucket but the first, the pixel that it is swapped with, 0 to i. */
export async function choose(pixels: number, lane: Lane): Promise<Uint32Array> {
  const chosen = new Uint32Array(Math.max(1, pixels));
  let left = pixels - 1;
  while (left > 0) {
    // As many words as choices are left, so that none is read in vain: a lane of `maximum` must be consumed exactly.
    const words = new Uint32Array(left);
    await lane.read(new Uint8Array(words.buffer));
    left = pixels > LARGE ? chooseMany(words, chosen, left) : chooseSome(words, chosen, left);
  }
  return chosen;
}

/** Takes the choices for pixels `last`, `last` − 1, …; returns the number of pixels that have none yet. */
function chooseSome(words: Uint32Array, chosen: Uint32Array, last: number): number {
  let i = last;
  for (let at = 0, end = words.length; at < end; at++) {
    const word = words[at];
    const bound = i + 1;
    const low = Math.imul(word, bound) >>> 0;
    if (low < bound && low < (WORDS - bound) % bound) continue; // Lemire's rejection
    chosen[i--] = (word * bound) / WORDS;
  }
  return i;
}

/** The same for any size: only a hostile material of `maximum` makes so large a bucket. */
function chooseMany(words: Uint32Array, chosen: Uint32Array, last: number): number {
  let i = last;
  for (const word of words) {
    const bound = i + 1;
    const low = Math.imul(word, bound) >>> 0;
    if (low < bound && low < (WORDS - bound) % bound) continue;
    const carried = (word >>> 16) * bound + Math.floor(((word & 0xffff) * bound) / 65_536);
    chosen[i--] = carried / 65_536;
  }
  return i;
}
