/** Pictures from PNG files, in the kinds of samples that a payload holds. */

import type { Bytes } from "../bytes.ts";
import { ImageCorrupt } from "../failures.ts";
import type { Pace } from "../pace.ts";
import { type Geometry, kindOf, pixelBytes } from "../picture.ts";
import { type Frame, PALETTE, pixelBits, type Walk } from "./frame.ts";
import { type Row, readRows } from "./rows.ts";

/** Samples, and whether bytes follow the image data in their chunks. */
export interface Read {
  readonly samples: Bytes;
  readonly hasTrailingData: boolean;
}

/** Reads the samples of a picture that has the kind of a payload, interlaced or not. */
export async function readSamples(walk: Walk, pace: Pace): Promise<Read> {
  const samples = new Uint8Array(walk.frame.width * walk.frame.height * pixelBytes(walk.frame));
  return readInto(samples, walk.frame, walk, pace);
}

/**
 * Reads a picture as samples of another kind, of which it has all channels and bits: the first channel for gray, red, green
 * and blue for color, the last one for alpha, the first byte of 16 bits.
 */
export async function readInto(target: Bytes, geometry: Geometry, walk: Walk, pace: Pace): Promise<Read> {
  const { rows, hasTrailingData } = await readRows(walk, pace);
  const { frame } = walk;
  const palette = frame.colorType === PALETTE ? readPalette(walk) : null;
  const source = palette === null ? frame : { bitDepth: 8, colorType: 6 };
  const picked = pick(source, geometry);
  const step = palette === null ? pixelBits(frame) / 8 : 4;
  const size = picked.length;
  const isSame = palette === null && step === size && !frame.isInterlaced;
  for (const row of rows) {
    const start = (row.top * geometry.width + row.left) * size;
    if (isSame) target.set(row.data, start);
    else copy(palette === null ? row.data : colorsOf(row, frame, palette), step, picked, target, start, row.across * size);
  }
  return { samples: target, hasTrailingData };
}

/** The bytes of a pixel of the source that make a pixel of the target. */
function pick(source: Pick<Geometry, "bitDepth" | "colorType">, target: Geometry): number[] {
  const bytes = source.bitDepth / 8;
  const alpha = source.colorType & 2 ? 3 : 1;
  const colors = target.colorType & 2 ? [0, 1, 2] : [0];
  const channels = target.colorType & 4 ? [...colors, alpha] : colors;
  return channels.flatMap((channel) => (kindOf(target)?.bitDepth === 16 ? [0, 1] : [0]).map((byte) => channel * bytes + byte));
}

function copy(data: Bytes, step: number, picked: readonly number[], target: Bytes, start: number, stride: number): void {
  for (let from = 0, to = start; from + step <= data.length; from += step, to += stride) {
    for (let i = 0; i < picked.length; i++) target[to + i] = data[from + picked[i]];
  }
}

/** Red, green, blue and alpha of each entry. */
function readPalette({ chunks }: Walk): Bytes {
  const colors = chunks.find(({ type }) => type === "PLTE")?.data ?? new Uint8Array();
  const alpha = chunks.find(({ type }) => type === "tRNS")?.data ?? new Uint8Array();
  if (colors.length === 0 || colors.length > 768 || colors.length % 3 !== 0) {
    throw new ImageCorrupt("the palette of the PNG has no length that a palette has");
  }
  const palette = new Uint8Array((colors.length / 3) * 4);
  for (let entry = 0; 4 * entry < palette.length; entry++) {
    palette.set(colors.subarray(3 * entry, 3 * entry + 3), 4 * entry);
    palette[4 * entry + 3] = alpha.at(entry) ?? 255;
  }
  return palette;
}

function colorsOf({ data, width }: Row, { bitDepth }: Frame, palette: Bytes): Bytes {
  const colors = new Uint8Array(4 * width);
  const mask = (1 << bitDepth) - 1;
  for (let i = 0; i < width; i++) {
    const bit = i * bitDepth;
    const entry = 4 * ((data[bit >>> 3] >>> (8 - bitDepth - (bit & 7))) & mask);
    if (entry >= palette.length) throw new ImageCorrupt("a pixel of the PNG has a color beyond its palette");
    for (let channel = 0; channel < 4; channel++) colors[4 * i + channel] = palette[entry + channel];
  }
  return colors;
}
