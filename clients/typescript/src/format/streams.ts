/** The keystreams of an image, with the measured bits of its material if it has one (docs/reference/format.md, "Material"). */

import { type Bytes, u32 } from "./bytes.ts";
import type { Lane, Lanes } from "./choices.ts";
import type { Pace } from "./pace.ts";
import { xorStream } from "./primitives.ts";
import { type Keys, segmentKey } from "./schedule.ts";

const SEGMENT = 1 << 20;
const BLOCK = 64;
const NONCE = 12;
export const SEED_SIZE = 32;

/** The measured bytes of `maximum`. */
export interface Measured {
  /** XORs bytes, in place, with those of a lane from `at` on. */
  xor(lane: number, at: number, target: Bytes): Promise<void>;
  /** Refuses lanes that were not consumed exactly. */
  finish(): void;
}

/** The number of segments of a payload of the purity `multistage`. */
export function countSegments(payloadBytes: number): number {
  return Math.ceil(payloadBytes / SEGMENT);
}

/** Of `fast` and `balanced`: the keys alone. */
export class Streams implements Lanes {
  protected readonly keys: Keys;

  constructor(keys: Keys) {
    this.keys = keys;
  }

  lane(number: number): Lane {
    return new KeyLane(this.keys.permutation, number);
  }

  /** XORs the payload in place; advances the pace by its bytes. */
  async xorPayload(payload: Bytes, pace: Pace): Promise<void> {
    for (let at = 0; at < payload.length; at += SEGMENT) {
      const part = payload.subarray(at, at + SEGMENT);
      await this.xorPart(part, at);
      await pace.advance(part.length);
    }
  }

  /** Refuses measured bits that were not consumed exactly. */
  finish(): void {
    // Keys have no end.
  }

  protected xorPart(part: Bytes, at: number): Promise<void> {
    xorStream(this.keys.stream, new Uint8Array(NONCE), part, at);
    return Promise.resolve();
  }
}

/** Of `multistage`: every mebibyte has a key of its own. */
export class SegmentStreams extends Streams {
  readonly #seeds: Bytes;

  constructor(keys: Keys, seeds: Bytes) {
    super(keys);
    this.#seeds = seeds;
  }

  protected override xorPart(part: Bytes, at: number): Promise<void> {
    const index = at / SEGMENT;
    const seed = this.#seeds.subarray(index * SEED_SIZE, (index + 1) * SEED_SIZE);
    xorStream(segmentKey(this.keys.stream, seed, index), new Uint8Array(NONCE), part);
    return Promise.resolve();
  }
}

/** Of `maximum`: every byte of keystream is XORed with a measured one. */
export class MeasuredStreams extends Streams {
  readonly #measured: Measured;

  constructor(keys: Keys, measured: Measured) {
    super(keys);
    this.#measured = measured;
  }

  override lane(number: number): Lane {
    return new KeyLane(this.keys.permutation, number, this.#measured);
  }

  override finish(): void {
    this.#measured.finish();
  }

  protected override async xorPart(part: Bytes, at: number): Promise<void> {
    await super.xorPart(part, at);
    await this.#measured.xor(0, at, part);
  }
}

/** A lane of the permutation key. */
class KeyLane implements Lane {
  readonly #key: Bytes;
  readonly #number: number;
  readonly #nonce = new Uint8Array(NONCE);
  readonly #measured: Measured | undefined;
  #at = 0;

  constructor(key: Bytes, number: number, measured?: Measured) {
    this.#key = key;
    this.#number = number;
    this.#nonce.set(u32(number));
    this.#measured = measured;
  }

  async read(target: Bytes): Promise<void> {
    const ahead = this.#at % BLOCK; // bytes of the block that are read already
    const stream = ahead === 0 ? target.fill(0) : new Uint8Array(ahead + target.length);
    xorStream(this.#key, this.#nonce, stream, this.#at - ahead);
    if (ahead > 0) target.set(stream.subarray(ahead));
    await this.#measured?.xor(this.#number, this.#at, target);
    this.#at += target.length;
  }
}
