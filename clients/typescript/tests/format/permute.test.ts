import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/format/bytes.ts";
import { Pace } from "../../src/format/pace.ts";
import { unpermute } from "../../src/format/permutation.ts";
import { permute } from "../../src/format/permute.ts";
import { sha256 } from "../../src/format/primitives.ts";
import { deriveKeys } from "../../src/format/schedule.ts";
import { Streams } from "../../src/format/streams.ts";
import { readJson } from "./files.ts";
import { same } from "./pictures.ts";

interface Order {
  readonly n: number;
  readonly key: string;
  readonly first: readonly number[];
  readonly order_sha256: string;
}

const { vectors } = readJson("permutation.json") as { vectors: readonly Order[] };
const keys = deriveKeys(new Uint8Array(32).fill(5), new Uint8Array(24));

describe("the permutation of encryption", () => {
  it.each(vectors)("of $n pixels is that of the vector", async ({ n, key, first, order_sha256 }) => {
    const numbers = Uint32Array.from({ length: n }, (_, i) => i);
    const target = new Uint8Array(4 * n);
    const streams = new Streams({ ...keys, permutation: fromHex(key) ?? new Uint8Array() });
    await permute(new Uint8Array(numbers.buffer), 4, streams, target, new Pace());
    expect([...new Uint32Array(target.buffer).subarray(0, first.length)]).toEqual(first);
    expect(toHex(await sha256(target))).toBe(order_sha256);
  });

  it.each([1, 2, 3, 4].flatMap((size) => [1, 2, 1000, 300_001].map((pixels) => ({ size, pixels }))))(
    "of $pixels pixels of $size bytes is what decryption undoes",
    async ({ size, pixels }) => {
      const payload = Uint8Array.from({ length: pixels * size }, (_, i) => (i * 2_654_435_761) >>> 11);
      const target = new Uint8Array(payload.length);
      await permute(payload.slice(), size, new Streams(keys), target, new Pace());
      if (pixels > 2) expect(same(target, payload)).toBe(false);
      expect(same(await unpermute(target, size, new Streams(keys), new Pace()), payload)).toBe(true);
    },
  );

  it("stops when it is told to", async () => {
    const payload = new Uint8Array(1_000_000);
    const pace = new Pace({ signal: AbortSignal.abort() });
    await expect(permute(payload, 1, new Streams(keys), payload.slice(), pace)).rejects.toThrow("abort");
  });
});
