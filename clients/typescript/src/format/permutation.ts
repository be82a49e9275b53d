/**
 * The permutation of pixels (docs/reference/format.md, "Permutation"): scatter into buckets, then shuffle each. To undo
 * it, the swaps of each bucket are undone first, then the pixels are gathered from the buckets.
 */

import type { Bytes } from "./bytes.ts";
import { choose, type Lanes } from "./choices.ts";
import { GATHER, UNSHUFFLE } from "./kernels.ts";
import type { Pace } from "./pace.ts";

const BUCKET_LANE = 1;
const FIRST_WORD_LANE = 2;
const STEP = 1 << 18; // pixels between two reports of progress

/** k: a payload of so many pixels has 2^k buckets. */
export function bucketBits(pixels: number): number {
  return Math.min(8, Math.max(0, 32 - Math.clz32(pixels - 1) - 17));
}

/** The first pixel of each bucket, and the end of the last. */
export interface Buckets {
  /** A byte for each pixel; empty if there is one bucket. */
  readonly choices: Bytes;
  readonly bounds: Uint32Array;
}

export async function drawBuckets(pixels: number, lanes: Lanes, pace: Pace): Promise<Buckets> {
  const count = 1 << bucketBits(pixels);
  if (count === 1) return { choices: new Uint8Array(), bounds: Uint32Array.of(0, pixels) };
  const choices = new Uint8Array(pixels);
  const lane = lanes.lane(BUCKET_LANE);
  for (let at = 0; at < pixels; at += STEP) {
    await lane.read(choices.subarray(at, at + STEP));
    await pace.advance(0);
  }
  return { choices, bounds: boundsOf(choices, count) };
}

/**
 * Undoes the permutation.
 *
 * @param payload its memory is used and may be returned
 * @param size bytes of a pixel
 * @param pace advanced by twice the bytes of the payload
 */
export async function unpermute(payload: Bytes, size: number, lanes: Lanes, pace: Pace): Promise<Bytes> {
  const { choices, bounds } = await drawBuckets(payload.length / size, lanes, pace);
  for (let bucket = 0; bucket + 1 < bounds.length; bucket++) {
    const [start, end] = [bounds[bucket], bounds[bucket + 1]];
    const chosen = await choose(end - start, lanes.lane(FIRST_WORD_LANE + bucket));
    UNSHUFFLE[size](payload, start, end - start, chosen);
    await pace.advance((end - start) * size);
  }
  if (choices.length > 0) return gather(payload, size, choices, bounds, pace);
  await pace.advance(payload.length);
  return payload;
}

async function gather(payload: Bytes, size: number, choices: Bytes, bounds: Uint32Array, pace: Pace): Promise<Bytes> {
  const target = new Uint8Array(payload.length);
  const cursors = bounds.slice(0, -1);
  for (let from = 0; from < choices.length; from += STEP) {
    const some = choices.subarray(from, from + STEP);
    GATHER[size](payload, target, from, some, cursors, cursors.length - 1);
    await pace.advance(some.length * size);
  }
  return target;
}

function boundsOf(choices: Bytes, count: number): Uint32Array {
  const bounds = new Uint32Array(count + 1);
  const mask = count - 1;
  // Not for…of: through the iterator 12 million choices take six times as long.
  for (let i = 0, end = choices.length; i < end; i++) bounds[(choices[i] & mask) + 1]++;
  for (let bucket = 0; bucket < count; bucket++) bounds[bucket + 1] += bounds[bucket];
  return bounds;
}
