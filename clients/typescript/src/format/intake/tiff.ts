/** The first page of a TIFF (TIFF 6.0, sections 3 to 8). */

import { ImageCorrupt } from "../failures.ts";
import { type Facts, undecoded } from "./facts.ts";
import { rawFacts } from "./raw.ts";
import { type Page, TiffReader } from "./tiff-directories.ts";

const COLORS: Readonly<Partial<Record<number, string>>> = { 0: "L", 1: "L", 2: "RGB", 3: "P", 5: "CMYK", 6: "YCbCr", 8: "LAB" };
/** Photometric interpretation, bits and extra samples of the modes that have names of their own. */
const NAMED: Readonly<Partial<Record<string, string>>> = {
  "1/8/": "L",
  "1/16/": "I;16",
  "1/8,8/2": "LA",
  "2/8,8,8/": "RGB",
  "2/8,8,8,8/2": "RGBA",
};
const MOST_SAMPLES = 8;
const DEEPEST = 64;
const TILE_WIDTH = 322;
const TILE_OFFSETS = 324;

export function describeTiff(data: Uint8Array): Facts {
  const raw = rawFacts(data);
  if (raw !== null) return raw;
  const reader = new TiffReader(data);
  if (reader.first === 0) throw new ImageCorrupt("The TIFF has no picture");
  const page = reader.page(reader.first);
  const [width, height] = [reader.number(page, 256, 0), reader.number(page, 257, 0)];
  const bits = readBits(reader, page);
  if (width === 0 || height === 0) throw new ImageCorrupt("The TIFF does not declare its size");
  const isStrange = page.entries.has(TILE_WIDTH) && !page.entries.has(TILE_OFFSETS);
  if ((reader.isBig && !reader.isLittle) || isStrange) return undecoded("image/tiff", width, height);
  return { format: "TIFF", mode: modeOf(reader, page, bits), bitDepth: bits[0], width, height };
}

function readBits(reader: TiffReader, page: Page): number[] {
  const samples = reader.number(page, 277, 1);
  const found = reader.numbers(page, 258);
  const bits = found.length === 0 ? [1] : found;
  const fits = bits.length === 1 || bits.length === samples;
  if (samples < 1 || samples > MOST_SAMPLES || !fits || !bits.every((depth) => depth > 0 && depth <= DEEPEST)) {
    throw new ImageCorrupt("The TIFF declares samples that cannot be");
  }
  return bits.length === samples ? bits : new Array<number>(samples).fill(bits[0]);
}

function modeOf(reader: TiffReader, page: Page, bits: readonly number[]): string {
  const photometric = reader.number(page, 262, 1);
  const extra = reader.numbers(page, 338);
  const named = NAMED[`${photometric}/${bits.join()}/${extra.join()}`];
  if (named !== undefined || (bits.length === 1 && bits[0] === 1)) return named ?? "1";
  const suffix = bits[0] === 1 || bits[0] === 8 ? "" : `;${bits[0]}`;
  return (COLORS[photometric] ?? "L") + (extra.length > 0 ? "A" : "") + suffix;
}
