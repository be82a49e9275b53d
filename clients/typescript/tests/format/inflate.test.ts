import { constants, createDeflate, deflateSync, type ZlibOptions } from "node:zlib";
import { describe, expect, it } from "vitest";
import { concat } from "../../src/format/bytes.ts";
import { ImageCorrupt } from "../../src/format/failures.ts";
import { Pace } from "../../src/format/pace.ts";
import { unfilter } from "../../src/format/png/filters.ts";
import { inflate } from "../../src/format/png/inflate.ts";
import { Random } from "./random.ts";

const random = new Random("inflate");
const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;

function data(size: number, kind: number) {
  const bytes = random.bytes(size);
  if (kind === 1) bytes.forEach((byte, i) => (bytes[i] = byte % 5));
  if (kind === 2) bytes.forEach((byte, i) => (bytes[i] = (byte * byte) >>> 8));
  if (kind === 3) bytes.fill(7);
  return bytes;
}

function deflate(bytes: Uint8Array, options: ZlibOptions) {
  return new Uint8Array(deflateSync(bytes, options));
}

describe("inflate", () => {
  const options = [0, 1, 6, 9].flatMap((level) =>
    [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE].map((strategy) => ({ level, strategy, memLevel: Math.max(1, level) })),
  );

  it.each(options)("inflates what zlib writes with $level, $strategy", async (option) => {
    for (const size of [0, 1, 2, 257, 5_000, 70_000, 300_000]) {
      for (const kind of [0, 1, 2, 3]) {
        const plain = data(size, kind);
        expect(Buffer.compare(await inflate(deflate(plain, option), size, new Pace()), plain)).toBe(0);
      }
    }
  });

  it("ignores bytes behind the stream", async () => {
    const plain = data(1_000, 1);
    expect(await inflate(concat(deflate(plain, {}), random.bytes(9)), 1_000, new Pace())).toEqual(plain);
  });

  it.each([999, 1_001])("refuses 1000 bytes where there must be %i", async (size) => {
    await expect(inflate(deflate(data(1_000, 1), {}), size, new Pace())).rejects.toThrow(ImageCorrupt);
  });

  it("refuses every cut", async () => {
    const stream = deflate(data(300, 1), {});
    for (let size = 0; size < stream.length; size++) {
      await expect(inflate(stream.slice(0, size), 300, new Pace())).rejects.toThrow(ImageCorrupt);
    }
  });

  it("refuses every flipped bit, or inflates the same bytes", async () => {
    const plain = data(200, 1);
    const stream = deflate(plain, {});
    for (let bit = 0; bit < 8 * stream.length; bit++) {
      const changed = stream.slice();
      changed[bit >>> 3] ^= 1 << (bit & 7);
      const result = await inflate(changed, 200, new Pace()).catch((error: unknown) => error);
      if (!(result instanceof ImageCorrupt)) expect(result).toEqual(plain);
    }
  });

  it("refuses a bomb before it has taken more memory than the picture", async () => {
    const bomb = deflate(new Uint8Array(30_000_000), {});
    await expect(inflate(bomb, 1_000, new Pace())).rejects.toThrow(ImageCorrupt);
  });

  it("takes blocks that were flushed", async () => {
    const deflater = createDeflate({ level: 6 });
    const parts: Buffer[] = [];
    deflater.on("data", (part: Buffer) => parts.push(part));
    const plain = data(5_000, 2);
    await new Promise<void>((resolve) => {
      deflater.write(plain.subarray(0, 3_000));
      deflater.flush(constants.Z_FULL_FLUSH, () => { deflater.end(plain.subarray(3_000)); });
      deflater.on("end", resolve);
    });
    expect(await inflate(new Uint8Array(Buffer.concat(parts)), 5_000, new Pace())).toEqual(plain);
  });
});

describe("filters", () => {
  it.each([1, 2, 3, 4, 6, 8])("are undone for pixels of %i bytes", (step) => {
    for (const size of [step, 5 * step, 40 * step]) {
      const [row, above] = [random.bytes(size), random.bytes(size)];
      for (let filter = 0; filter <= 4; filter++) {
        const filtered = applyFilter(filter, row, above, step);
        unfilter(filter, filtered, above, step);
        expect(filtered).toEqual(row);
      }
    }
  });

  it("end at 4", () => {
    expect(() => { unfilter(5, new Uint8Array(3), new Uint8Array(3), 1); }).toThrow(ImageCorrupt);
  });
});

/** PNG, third edition, section 9.2, as it stands there. */
function applyFilter(filter: number, row: Uint8Array, above: Uint8Array, step: number) {
  return Uint8Array.from(row, (byte, i) => {
    const [a, b, c] = [i >= step ? row[i - step] : 0, above[i], i >= step ? above[i - step] : 0];
    const nearest = [a, b, c].reduce((best, one) => (Math.abs(a + b - c - one) < Math.abs(a + b - c - best) ? one : best));
    return byte - [0, a, b, Math.floor((a + b) / 2), nearest][filter];
  });
}
