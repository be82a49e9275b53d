import { describe, expect, it } from "vitest";
import { type Bytes, concat, u32 } from "../../src/format/bytes.ts";
import { ImageCorrupt, ImageError, TooManyPixels } from "../../src/format/failures.ts";
import { buildPayload, type Payload } from "../../src/format/intake/payload.ts";
import { Pace } from "../../src/format/pace.ts";
import { chunk, compress, draw, filteredPng, filterRows, GRAY, ihdr, png, RGB, RGBA, same } from "./pictures.ts";

const PICTURE = draw({ width: 9, height: 7, ...RGB });
const ROWS = filterRows(PICTURE, [0]);

function take(file: Bytes, layout: "auto" | "pixels" = "auto"): Promise<Payload> {
  return buildPayload(file, { layout, regions: [], fileName: null }, new Pace());
}

async function read(file: Bytes) {
  return (await take(file, "pixels")).picture;
}

/** A PNG of PICTURE's size with this image data. */
function withData(...parts: readonly Uint8Array[]): Bytes {
  return png(ihdr(PICTURE), ...parts.map((part) => chunk("IDAT", part)));
}

function repeat(part: Bytes, times: number): Bytes {
  const whole = new Uint8Array(part.length * times);
  for (let at = 0; at < whole.length; at += part.length) whole.set(part, at);
  return whole;
}

describe("a PNG", () => {
  const kinds = [GRAY, { bitDepth: 8, colorType: 4 }, RGB, RGBA];
  const filters = [[0], [1], [2], [3], [4], [1, 2, 3, 4, 0], [4, 3, 2, 1], [3, 1], [2, 4]];

  it.each(kinds.flatMap((kind) => filters.map((some) => ({ colorType: kind.colorType, kind, some }))))(
    "of color type $colorType with the filters $some is read",
    async ({ kind, some }) => {
      const picture = draw({ width: 21, height: 13, ...kind });
      expect(await read(filteredPng(picture, some))).toEqual(picture);
    },
  );

  it.each([
    [1, 1],
    [1, 70_000],
    [70_000, 1],
    [300, 300],
  ])("of %i by %i pixels is read", async (width, height) => {
    const picture = draw({ width, height, ...RGB });
    const { samples, ...geometry } = await read(filteredPng(picture, [4, 1]));
    expect(geometry).toEqual({ width, height, ...RGB });
    expect(same(samples, picture.samples)).toBe(true);
  });

  it("in chunks of a byte is read", async () => {
    const data = compress(ROWS);
    const parts = Array.from(data, (byte) => Uint8Array.of(byte));
    expect(await read(withData(...parts))).toEqual(PICTURE);
  });

  it("in the seven passes of Adam7 is read", async () => {
    // One pixel is the first pass, and all others are empty.
    const pixel = draw({ width: 1, height: 1, ...RGB });
    const file = png(ihdr(pixel, 1), chunk("IDAT", compress(filterRows(pixel, [0]))));
    expect((await read(file)).samples).toEqual(pixel.samples);
  });

  it.each([
    ["an animated PNG", [chunk("acTL", new Uint8Array(8))]],
    ["a PNG with one transparent color", [chunk("tRNS", new Uint8Array(6))]],
    ["a PNG with a chunk prVt", [chunk("prVt")]],
    ["a PNG with profiles and text of more than 3 MB", [chunk("tEXt", new Uint8Array(3_200_000))]],
  ])("that is %s is a file", async (reason, more) => {
    const file = filteredPng(PICTURE, [0], ...more);
    expect(await take(file)).toMatchObject({ layout: "file", reason });
    await expect(take(file, "pixels")).rejects.toThrow(`The picture is ${reason}`);
  });

  it("of 16 bits is a file", async () => {
    const deep = png(ihdr({ width: 2, height: 2, bitDepth: 16, colorType: 2 }), chunk("IDAT"));
    expect(await take(deep)).toMatchObject({ layout: "file", reason: "a PNG with 16-bit samples" });
  });

  it.each([
    ["its end", concat(filteredPng(PICTURE), Uint8Array.of(0))],
    ["its image data", withData(compress(ROWS), Uint8Array.of(0))],
    ["its image data, the same again", withData(compress(ROWS), compress(ROWS))],
  ])("with bytes behind %s is a file, or loses them with a warning", async (_, file) => {
    expect(await take(file)).toMatchObject({ layout: "file", reason: "a PNG with bytes behind its end", warnings: [] });
    expect(await take(file, "pixels")).toMatchObject({ layout: "pixels", picture: PICTURE, warnings: ["trailing-data"] });
  });
});

describe("a hostile or damaged PNG", () => {
  const whole = filteredPng(PICTURE, [4]);

  it("cut anywhere is refused", async () => {
    for (let size = 8; size < whole.length; size++) await expect(read(whole.slice(0, size))).rejects.toThrow(ImageCorrupt);
  });

  it("with any bit changed is refused, or is another picture that says so", async () => {
    for (let bit = 64; bit < 8 * whole.length; bit++) {
      const changed = whole.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      await expect(read(changed)).rejects.toThrow(ImageError);
    }
  });

  it("that declares 100000 by 100000 pixels is refused in any layout", async () => {
    const bomb = png(ihdr({ width: 100_000, height: 100_000, ...RGB }), chunk("IDAT"));
    await expect(take(bomb)).rejects.toThrow(TooManyPixels);
  });

  it("of more pixels than are decoded is refused before memory is taken, or kept as a file", async () => {
    const bomb = png(ihdr({ width: 5001, height: 5000, ...RGBA }), chunk("IDAT"));
    const before = process.memoryUsage().arrayBuffers;
    await expect(read(bomb)).rejects.toThrow(TooManyPixels);
    expect(await take(bomb)).toMatchObject({ layout: "file", reason: "a picture of more than 25,000,000 pixels" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it.each([
    ["2^31 columns", { width: 2 ** 31, height: 1, ...RGB }],
    ["no column", { width: 0, height: 1, ...RGB }],
    ["no row", { width: 1, height: 0, ...RGB }],
    ["3 bits", { width: 1, height: 1, bitDepth: 3, colorType: 0 }],
    ["4-bit RGB", { width: 1, height: 1, bitDepth: 4, colorType: 2 }],
    ["color type 5", { width: 1, height: 1, bitDepth: 8, colorType: 5 }],
  ])("that declares %s is refused", async (_, geometry) => {
    await expect(take(png(ihdr(geometry), chunk("IDAT")))).rejects.toThrow(ImageCorrupt);
  });

  it("that inflates for ever is refused after the first bytes too many", async () => {
    const bomb = compress(new Uint8Array(200_000_000));
    const before = performance.now();
    await expect(read(withData(bomb))).rejects.toThrow("longer than the picture");
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it.each([
    ["one byte too long", [compress(concat(ROWS, Uint8Array.of(0)))], "longer than the picture"],
    ["one byte too short", [compress(ROWS.slice(0, -1))], "shorter than the picture"],
    ["empty", [new Uint8Array()], "damaged"],
    ["nothing compressed", [compress(new Uint8Array())], "shorter than the picture"],
    ["cut off", [compress(ROWS).slice(0, -5)], "the image data of the PNG are"],
    ["without its checksum", [compress(ROWS).slice(0, -4)], "damaged"],
    ["no zlib stream", [Uint8Array.of(1, 2, 3, 4, 5, 6)], "damaged"],
  ])("with image data %s is refused", async (_, parts, why) => {
    await expect(read(withData(...parts))).rejects.toThrow(why);
  });

  it("with a filter that does not exist is refused", async () => {
    const rows = ROWS.slice();
    rows[0] = 5;
    await expect(read(withData(compress(rows)))).rejects.toThrow("a filter that does not exist");
  });

  it.each([
    ["no image data", [ihdr(PICTURE)]],
    ["image data in two places", [ihdr(PICTURE), chunk("IDAT"), chunk("tEXt"), chunk("IDAT")]],
    ["two headers", [ihdr(PICTURE), ihdr(PICTURE), chunk("IDAT")]],
    ["two palettes", [ihdr(PICTURE), chunk("PLTE"), chunk("PLTE"), chunk("IDAT")]],
    ["a palette behind the image data", [ihdr({ ...PICTURE, colorType: 3 }), chunk("IDAT"), chunk("PLTE")]],
    ["a chunk without a name", [ihdr(PICTURE), chunk("ID\0T"), chunk("IDAT")]],
    ["a chunk before the header", [chunk("tEXt"), ihdr(PICTURE), chunk("IDAT")]],
    ["a chunk of 4 GB", [ihdr(PICTURE), concat(u32(0xffff_ffff), chunk("IDAT"))]],
    ["more chunks than are read", [ihdr(PICTURE), repeat(chunk("tEXt"), 65_536), chunk("IDAT")]],
  ])("with %s is refused", async (_, chunks) => {
    await expect(take(png(...chunks))).rejects.toThrow(ImageCorrupt);
  });
});
