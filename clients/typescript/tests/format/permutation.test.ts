import { describe, expect, it } from "vitest";
import { type Bytes, fromHex, toHex } from "../../src/format/bytes.ts";
import { choose, type Lane } from "../../src/format/choices.ts";
import { Pace } from "../../src/format/pace.ts";
import { bucketBits, unpermute } from "../../src/format/permutation.ts";
import { permute } from "../../src/format/permute.ts";
import { sha256 } from "../../src/format/primitives.ts";
import { deriveKeys } from "../../src/format/schedule.ts";
import { Streams } from "../../src/format/streams.ts";
import { readJson } from "./files.ts";
import { Random } from "./random.ts";

interface Order {
  readonly n: number;
  readonly key: string;
  readonly first: number[];
  readonly order_sha256: string;
}

const random = new Random("permutation");
const keys = deriveKeys(random.bytes(32), random.bytes(24));
const { vectors } = readJson("permutation.json") as { vectors: Order[] };

describe("the permutation", () => {
  it.each(vectors)("of $n pixels is the frozen one, and undone", async ({ n, key, first, order_sha256 }) => {
    const streams = new Streams({ ...keys, permutation: fromHex(key) ?? new Uint8Array() });
    const identity = new Uint8Array(Uint32Array.from({ length: n }, (_, i) => i).buffer);
    const order = new Uint8Array(identity.length);
    await permute(identity.slice(), 4, streams, order, new Pace());
    expect([...new Uint32Array(order.buffer).subarray(0, first.length)]).toEqual(first);
    expect(toHex(await sha256(order))).toBe(order_sha256);
    expect(await unpermute(order, 4, streams, new Pace())).toEqual(identity);
  });

  it.each([1, 2, 3, 4])("is undone for pixels of %i bytes, of every number of buckets", async (size) => {
    for (const pixels of [1, 2, 3, 1_000, 2 ** 17, 2 ** 17 + 1, 2 ** 18 + 7, 600_000]) {
      const payload = random.bytes(pixels * size);
      const permuted = new Uint8Array(payload.length);
      await permute(payload.slice(), size, new Streams(keys), permuted, new Pace());
      if (pixels > 3) expect(Buffer.compare(permuted, payload)).not.toBe(0);
      expect(Buffer.compare(await unpermute(permuted, size, new Streams(keys), new Pace()), payload)).toBe(0);
    }
  });

  it("has 2^k buckets", () => {
    const bits = [1, 2, 131_072, 131_073, 262_144, 262_145, 12_000_000, 25_000_000, 2 ** 31].map(bucketBits);
    expect(bits).toEqual([0, 0, 0, 1, 1, 2, 7, 8, 8]);
  });
});

/** A lane of given words. */
class Words implements Lane {
  readonly #words: Uint32Array;
  at = 0;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  read(target: Bytes): Promise<void> {
    const words = this.#words.subarray(this.at, (this.at += target.length / 4));
    target.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    return Promise.resolve();
  }
}

/** Step b of the document, in integers of any size. */
function chooseSlowly(pixels: number, words: Uint32Array): { chosen: number[]; used: number } {
  const chosen: number[] = [];
  let used = 0;
  for (let i = pixels - 1; i > 0; i--) {
    const s = BigInt(i + 1);
    let p: bigint;
    do p = BigInt(words[used++]) * s;
    while (p % 2n ** 32n < (2n ** 32n - s) % s);
    chosen[i] = Number(p >> 32n);
  }
  return { chosen, used };
}

describe("choices", () => {
  it("reject what would be biased, and read no word more", async () => {
    // Products whose low half is below the rejection bound: 0 for every s that is no power of two.
    const words = Uint32Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? 0 : random.below(2 ** 32)));
    const { chosen, used } = chooseSlowly(200, words);
    const lane = new Words(words);
    const found = await choose(200, lane);
    expect([...found.subarray(1)]).toEqual(chosen.slice(1));
    expect(lane.at).toBe(used);
    expect(used).toBeGreaterThan(250);
  });

  it("are exact in a bucket that only a hostile material makes so large", async () => {
    const pixels = 2 ** 21 + 1_000;
    const words = new Uint32Array(random.bytes(4 * (pixels + 3_000)).buffer);
    const { chosen, used } = chooseSlowly(pixels, words);
    const lane = new Words(words);
    const found = await choose(pixels, lane);
    expect(lane.at).toBe(used);
    expect(found.every((place, i) => i === 0 || place === chosen[i])).toBe(true);
  });

  it("would not be exact there in one product", () => {
    const [word, bound] = [2 ** 32 - 1, 25_000_001];
    expect(Number.isSafeInteger(word * bound)).toBe(false);
  });
});
