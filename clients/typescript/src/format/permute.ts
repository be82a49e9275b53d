/**
 * The permutation of pixels in the direction of encryption: scatter into buckets, then shuffle each
 * (docs/reference/format.md, "Permutation"). One loop for each width of pixel, as in kernels.ts.
 */

import type { Bytes } from "./bytes.ts";
import { choose, type Lanes } from "./choices.ts";
import type { Pace } from "./pace.ts";
import { drawBuckets } from "./permutation.ts";

type Shuffle = (samples: Bytes, start: number, count: number, chosen: Uint32Array) => void;
type Scatter = (source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number) => void;

const SHUFFLE: Readonly<Record<number, Shuffle>> = { 1: shuffle1, 2: shuffle2, 3: shuffle3, 4: shuffle4 };
const SCATTER: Readonly<Record<number, Scatter>> = { 1: scatter1, 2: scatter2, 3: scatter3, 4: scatter4 };
const FIRST_WORD_LANE = 2;
const STEP = 1 << 18; // pixels between two reports of progress

/**
 * Permutes a payload into other memory.
 *
 * @param size bytes of a pixel
 * @param target as long as the payload, at an even place of its memory: pixels of 2 and 4 bytes are moved as words
 * @param pace advanced by twice the bytes of the payload
 */
export async function permute(payload: Bytes, size: number, lanes: Lanes, target: Bytes, pace: Pace): Promise<void> {
  const { choices, bounds } = await drawBuckets(payload.length / size, lanes, pace);
  const cursors = bounds.slice(0, -1);
  if (choices.length === 0) target.set(payload);
  for (let from = 0; from < choices.length; from += STEP) {
    const some = choices.subarray(from, from + STEP);
    SCATTER[size](payload, target, from, some, cursors, cursors.length - 1);
    await pace.advance(some.length * size);
  }
  for (let bucket = 0; bucket + 1 < bounds.length; bucket++) {
    const [start, end] = [bounds[bucket], bounds[bucket + 1]];
    const chosen = await choose(end - start, lanes.lane(FIRST_WORD_LANE + bucket));
    SHUFFLE[size](target, start, end - start, chosen);
    await pace.advance((end - start) * size);
  }
}

function shuffle1(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = samples.subarray(start, start + count);
  for (let i = count - 1; i > 0; i--) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function shuffle2(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = new Uint16Array(samples.buffer, samples.byteOffset + 2 * start, count);
  for (let i = count - 1; i > 0; i--) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function shuffle3(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const bytes = samples.subarray(3 * start, 3 * (start + count));
  for (let i = count - 1, at = 3 * i; i > 0; i--, at -= 3) {
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

function shuffle4(samples: Bytes, start: number, count: number, chosen: Uint32Array): void {
  const pixels = new Uint32Array(samples.buffer, samples.byteOffset + 4 * start, count);
  for (let i = count - 1; i > 0; i--) {
    const j = chosen[i];
    const pixel = pixels[i];
    pixels[i] = pixels[j];
    pixels[j] = pixel;
  }
}

function scatter1(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0; i < choices.length; i++) {
    target[cursors[choices[i] & mask]++] = source[from + i];
  }
}

function scatter2(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 2 * from; i < choices.length; i++, at += 2) {
    const pixel = 2 * cursors[choices[i] & mask]++;
    target[pixel] = source[at];
    target[pixel + 1] = source[at + 1];
  }
}

function scatter3(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 3 * from; i < choices.length; i++, at += 3) {
    const pixel = 3 * cursors[choices[i] & mask]++;
    target[pixel] = source[at];
    target[pixel + 1] = source[at + 1];
    target[pixel + 2] = source[at + 2];
  }
}

function scatter4(source: Bytes, target: Bytes, from: number, choices: Bytes, cursors: Uint32Array, mask: number): void {
  for (let i = 0, at = 4 * from; i < choices.length; i++, at += 4) {
    const pixel = 4 * cursors[choices[i] & mask]++;
    target[pixel] = source[at];
    target[pixel + 1] = source[at + 1];
    target[pixel + 2] = source[at + 2];
    target[pixel + 3] = source[at + 3];
  }
}
