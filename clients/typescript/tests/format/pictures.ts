/** Pictures and PNG files for tests. */

import { deflateSync } from "node:zlib";
import { type Bytes, concat, u32, utf8 } from "../../src/format/bytes.ts";
import { crc32 } from "../../src/format/checksums.ts";
import { type Geometry, pixelBytes, type Picture, rowBytes } from "../../src/format/picture.ts";
import { SIGNATURE } from "../../src/format/walk.ts";

/** Whether large arrays are equal: the matchers of the test runner take seconds for a megabyte. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

export const RGB = { bitDepth: 8, colorType: 2 } as const;
export const GRAY = { bitDepth: 8, colorType: 0 } as const;
export const RGBA = { bitDepth: 8, colorType: 6 } as const;

/** Slopes with noise, so that no filter and no pixel is like the next. */
export function draw(geometry: Geometry): Picture {
  const row = rowBytes(geometry);
  const samples = new Uint8Array(row * geometry.height);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.floor(i / row) * 3 + (i % row) + ((i * 2_654_435_761) >>> 29);
  return { ...geometry, samples };
}

export function chunk(type: string, data: Uint8Array = new Uint8Array()): Bytes {
  const body = concat(utf8(type), data);
  return concat(u32(data.length), body, u32(crc32(body)));
}

export function ihdr({ width, height, bitDepth, colorType }: Geometry, interlace = 0): Bytes {
  return chunk("IHDR", concat(u32(width), u32(height), Uint8Array.of(bitDepth, colorType, 0, 0, interlace)));
}

export function png(...chunks: readonly Uint8Array[]): Bytes {
  return concat(SIGNATURE, ...chunks, chunk("IEND"));
}

/** A PNG whose rows are filtered, the first with the first filter and so on. */
export function filteredPng(picture: Picture, filters: readonly number[] = [0], ...more: readonly Uint8Array[]): Bytes {
  return png(ihdr(picture), ...more, chunk("IDAT", compress(filterRows(picture, filters))));
}

export function compress(data: Uint8Array): Bytes {
  return new Uint8Array(deflateSync(data));
}

/** Filters rows, straight from section 9 of the specification: x is the sample, a to its left, b above, c above a. */
export function filterRows(picture: Picture, filters: readonly number[]): Bytes {
  const [row, step] = [rowBytes(picture), pixelBytes(picture)];
  const rows = new Uint8Array(picture.height * (1 + row));
  const at = (y: number, x: number): number => (y < 0 || x < 0 ? 0 : picture.samples[y * row + x]);
  for (let y = 0; y < picture.height; y++) {
    const filter = filters[y % filters.length];
    rows[y * (1 + row)] = filter;
    for (let x = 0; x < row; x++) {
      const [a, b, c] = [at(y, x - step), at(y - 1, x), at(y - 1, x - step)];
      const predicted = [0, a, b, Math.floor((a + b) / 2), paeth(a, b, c)][filter] ?? 0;
      rows[y * (1 + row) + 1 + x] = at(y, x) - predicted;
    }
  }
  return rows;
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
