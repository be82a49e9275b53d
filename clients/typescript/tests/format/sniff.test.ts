import { describe, expect, it } from "vitest";
import { type Bytes, concat, utf8 } from "../../src/format/bytes.ts";
import { FileTooLarge, ImageCorrupt, ImageEmpty, TooManyPixels, UnsupportedFormat } from "../../src/format/failures.ts";
import { examine } from "../../src/format/intake/facts.ts";
import { recognize, sniffFormat } from "../../src/format/intake/sniff.ts";
import { readVectors } from "./files.ts";
import { draw, filteredPng, RGB } from "./pictures.ts";

const PNG = filteredPng(draw({ width: 4, height: 3, ...RGB }));
const IMAGE = readVectors("images").find(({ name }) => name === "success_balanced_pixels")?.file ?? new Uint8Array();
const KEY_FILE = readVectors("key_files").find(({ name }) => name === "success_passphrase")?.file ?? new Uint8Array();

describe("the kind of a file", () => {
  it.each<[string, Bytes, string]>([
    ["an encrypted image", IMAGE, "encrypted image"],
    ["the beginning of one", IMAGE.slice(0, 60), "picture"],
    ["a key file", KEY_FILE, "key file"],
    ["a key file with a byte order mark", concat(Uint8Array.of(0xef, 0xbb, 0xbf), KEY_FILE), "key file"],
    ["a compact key file", utf8(JSON.stringify(JSON.parse(new TextDecoder().decode(KEY_FILE)))), "key file"],
    ["a material file", utf8("QSMT\x01"), "material"],
    ["a recipient's public key", utf8("imageshield-public-1:AAAA"), "recipient key"],
    ["a recipient's secret key", utf8("imageshield-secret-1:AAAA"), "identity"],
    ["a PNG", PNG, "picture"],
    ["a PNG that names our chunk behind its end", concat(PNG, IMAGE), "picture"],
    ["text", utf8("Hello"), "unknown"],
    ["nothing", new Uint8Array(), "unknown"],
  ])("%s is recognized", (_, file, kind) => {
    expect(recognize(file)).toBe(kind);
  });

  it("is found in 64 KiB of an image", () => {
    expect(recognize(IMAGE.slice(0, 65_536))).toBe("encrypted image");
  });
});

describe("the format of a picture", () => {
  it.each<[string, Bytes, string | null]>([
    ["a BMP", concat(utf8("BM"), new Uint8Array(12), Uint8Array.of(40, 0, 0, 0)), "BMP"],
    ["text that begins like a BMP", utf8("BMW is a maker of cars"), null],
    ["a WebP", utf8("RIFF1234WEBPVP8 "), "WEBP"],
    ["a sound in the same frame", utf8("RIFF1234WAVEfmt "), null],
    ["a BigTIFF", utf8("II+\0"), "TIFF"],
    ["a JPEG", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "JPEG"],
  ])("%s is found by its first bytes", (_, file, format) => {
    expect(sniffFormat(file)).toBe(format);
  });
});

describe("a file that is not taken", () => {
  it("is refused by its length before it is read", () => {
    expect(() => examine(new Uint8Array())).toThrow(ImageEmpty);
    expect(() => examine(new Uint8Array(50_000_001))).toThrow(FileTooLarge);
  });

  it.each([
    ["a key file", KEY_FILE, "This is a key file"],
    ["a PDF", utf8("%PDF-1.7"), "This is a PDF"],
    ["a ZIP archive", utf8("PK\x03\x04"), "unpack it"],
    ["text", utf8("Hello"), "no picture that is taken: PNG, JPEG"],
  ])("%s is named", (_, file, told) => {
    expect(() => examine(file)).toThrow(UnsupportedFormat);
    expect(() => examine(file)).toThrow(told);
  });

  it("is refused with too many pixels in any format", () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0x80, 0, 0x80, 0, 3);
    expect(() => examine(jpeg)).toThrow(TooManyPixels);
  });

  it.each([
    ["a JPEG", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2)],
    ["a JPEG without a picture", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)],
    ["a BMP", concat(utf8("BM"), new Uint8Array(12), Uint8Array.of(40, 0, 0, 0))],
    ["a TIFF", utf8("II*\0\x08\0\0\0")],
    ["a TIFF of nothing", utf8("II*\0\0\0\0\0")],
    ["a TIFF whose directory goes on for ever", utf8("MM\0*\0\0\0\x08\xff\xff")],
    ["a WebP", utf8("RIFF\x04\0\0\0WEBP")],
  ])("%s that is cut off is refused", (_, file) => {
    expect(() => examine(file)).toThrow(ImageCorrupt);
  });
});
