import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { concat, utf8 } from "../../src/format/bytes.ts";
import { Pace } from "../../src/format/pace.ts";
import { walkPng } from "../../src/format/png/frame.ts";
import { readSamples } from "../../src/format/png/read.ts";
import { writePng } from "../../src/format/png-write.ts";
import { store, storedSize } from "../../src/format/rebuild/deflate.ts";
import { draw, filterRows, GRAY, RGB, same } from "./pictures.ts";

describe("stored blocks", () => {
  it.each([1, 65_534, 65_535, 65_536, 131_070, 131_071])("of %i bytes are inflated by zlib", (size) => {
    const data = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const stream = store(data);
    expect(stream).toHaveLength(storedSize(size));
    expect(same(inflateSync(stream), data)).toBe(true);
  });

  it("are full but the last, which is marked", () => {
    const stream = store(new Uint8Array(65_536));
    expect([...stream.subarray(0, 7)]).toEqual([0x78, 0x01, 0, 0xff, 0xff, 0, 0]);
    expect([...stream.subarray(7 + 65_535, 12 + 65_535)]).toEqual([1, 1, 0, 0xfe, 0xff]);
  });
});

describe("a written PNG", () => {
  // Rows of 65,534 bytes end where blocks do; 1,048,491 bytes of rows fill a chunk of 1,048,576.
  it.each([
    [1, 1],
    [65_534, 33],
    [1_048_490, 1],
    [1_048_491, 1],
    [1, 600_000],
    [3, 300_000],
  ])("of %i by %i pixels comes back", async (width, height) => {
    const picture = draw({ width, height, ...GRAY });
    const file = writePng(picture);
    const walk = walkPng(file);
    expect(same((await readSamples(walk, new Pace())).samples, picture.samples)).toBe(true);
    const data = walk.chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data);
    expect(data.slice(0, -1).every(({ length }) => length === 1_048_576)).toBe(true);
    expect(same(inflateSync(concat(...data)), filterRows(picture, [0]))).toBe(true);
  });

  it("has its chunks on both sides of the image data", () => {
    const before = [{ type: "gAMA", data: utf8("1234") }, { type: "tEXt", data: utf8("a\0b") }];
    const after = [{ type: "tIME", data: utf8("1234567") }];
    const { chunks } = walkPng(writePng(draw({ width: 4, height: 3, ...RGB }), before, after));
    expect(chunks.map(({ type }) => type)).toEqual(["IHDR", "gAMA", "tEXt", "IDAT", "tIME", "IEND"]);
    expect(chunks[2].data).toEqual(utf8("a\0b"));
  });
});
