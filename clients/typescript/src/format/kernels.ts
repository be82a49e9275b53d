/**
 * The loops that undo a permutation: one function for each width of pixel. A single function for all of them, or for both
 * directions, makes V8 deoptimize: 12 million pixels then take seconds.
 */

import type { Bytes } from "./bytes.ts";

/** Undoes the swaps of a bucket of `count` pixels that begins at pixel `start`: pixel i with pixel chosen[i]. */
export type Unshuffle = (samples: Bytes, start: number, count: number, chosen: Uint32Array) => void;

/**
 * Moves pixels of the buckets back to `from`, `from` + 1, …, one for each byte of `choices`.
 *
 * @param cursors the next pixel of each bucket, moved on
 * @param mask of the bits of a choice that count
 */
export type Gather = (
  source: Bytes,
  target: Bytes,
  from: number,
  choices: Bytes,
  cursors: Uint32Array,
  mask: number,
) => void;

export const UNSHUFFLE: Readonly<Record<number, Unshuffle>> = { 1: unshuffle1, 2: unshuffle2, 3: unshuffle3, 4: unshuffle4 };
export const GATHER: Readonly<Record<number, Gather>> = { 1: gather1, 2: gather2, 3: gather3, 4: gather4 };

function unshuffle1(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = samples.subarray(start, start + count);
  for (let i = 1; i < count; i++) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function unshuffle2(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = new Uint16Array(samples.buffer, samples.byteOffset + 2 * start, count);
  for (let i = 1; i < count; i++) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function unshuffle3(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const bytes = samples.subarray(3 * start, 3 * (start + count));
  for (let i = 1, at = 3; i < count; i++, at += 3) {
    const j = 3 * chosen[i];
    const red = bytes[at];
    const green = bytes[at + 1];
    const blue = bytes[at + 2];
    bytes[at] = bytes[j];
    bytes[at + 1] = bytes[j + 1];
    bytes[at + 2] = bytes[j + 2];
    bytes[j] = red;
    bytes[j + 1] = green;
    bytes[j + 2] = blue;
  }
}

function unshuffle4(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = new Uint32Array(samples.buffer, samples.byteOffset + 4 * start, count);
  for (let i = 1; i < count; i++) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function gather1(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0; i < choices.length; i++) {
    target[from + i] = source[cursors[choices[i] & mask]++];
  }
}

function gather2(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 2 * from; i < choices.length; i++, at += 2) {
    const pixel = 2 * cursors[choices[i] & mask]++;
    target[at] = source[pixel];
    target[at + 1] = source[pixel + 1];
  }
}

function gather3(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 3 * from; i < choices.length; i++, at += 3) {
    const pixel = 3 * cursors[choices[i] & mask]++;
    target[at] = source[pixel];
    target[at + 1] = source[pixel + 1];
    target[at + 2] = source[pixel + 2];
  }
}

function gather4(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 4 * from; i < choices.length; i++, at += 4) {
    const pixel = 4 * cursors[choices[i] & mask]++;
    target[at] = source[pixel];
    target[at + 1] = source[pixel + 1];
    target[at + 2] = source[pixel + 2];
    target[at + 3] = source[pixel + 3];
  }
}
