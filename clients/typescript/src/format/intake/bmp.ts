/** The headers of a BMP (BITMAPINFOHEADER and its successors, of the Windows GDI reference). */

import { ImageCorrupt } from "../failures.ts";
import { type Facts, undecoded } from "./facts.ts";
import { Window } from "./window.ts";

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const DEPTHS = new Set([1, 4, 8, 16, 24, 32]);
const JPEG = 4;
const PNG = 5;

interface Bitmap {
  readonly size: number;
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression: number;
  readonly colors: number;
}

export function describeBmp(data: Uint8Array): Facts {
  const file = new Window(data, "The BMP", true);
  const bitmap = readHeader(file);
  const { width, bits, compression } = bitmap;
  const height = Math.abs(bitmap.height);
  const holdsAnother = compression === JPEG || compression === PNG;
  if (width <= 0 || height === 0 || !(DEPTHS.has(bits) || (bits === 0 && holdsAnother))) {
    throw new ImageCorrupt("The BMP declares a picture that cannot be");
  }
  const start = file.u32(10);
  if (start < endOfHeader(bitmap) || start > file.length) throw new ImageCorrupt("The BMP is cut off in its header");
  if (holdsAnother) return undecoded("image/bmp", width, height);
  checkPixels(file, bitmap, start);
  return { format: "BMP", mode: modeOf(file, bitmap), bitDepth: Math.min(8, bits), width, height };
}

function readHeader(file: Window): Bitmap {
  const size = file.u32(FILE_HEADER);
  if (size === CORE_HEADER) {
    const [width, height, bits] = [file.u16(18), file.u16(20), file.u16(24)];
    return { size, width, height, bits, compression: 0, colors: paletteOf(bits, 0) };
  }
  const bits = file.u16(28);
  const colors = paletteOf(bits, file.u32(46));
  return { size, width: file.i32(18), height: file.i32(22), bits, compression: file.u32(30), colors };
}

/** The colors of the palette. */
function paletteOf(bits: number, used: number): number {
  return bits > 0 && bits <= 8 ? Math.min(used || 2 ** bits, 256) : Math.min(used, 256);
}

function endOfHeader({ size, compression, colors }: Bitmap): number {
  const masks = compression === 3 && size === 40 ? 12 : 0;
  return FILE_HEADER + size + masks + colors * entryOf(size);
}

function checkPixels(file: Window, { width, height, bits, compression }: Bitmap, start: number): void {
  const isPlain = compression === 0 || compression === 3 || compression === 6;
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  if (isPlain && start + stride * Math.abs(height) > file.length) throw new ImageCorrupt("The BMP is cut off in its pixels");
}

function modeOf(file: Window, bitmap: Bitmap): string {
  const { bits, compression } = bitmap;
  if (bits > 8) return bits === 32 && compression !== 0 ? "RGBA" : "RGB";
  return bits === 8 && isGray(file, bitmap) ? "L" : "P";
}

function isGray(file: Window, { size, colors }: Bitmap): boolean {
  if (entryOf(size) !== 4 || colors !== 256) return false;
  const palette = file.slice(FILE_HEADER + size, 4 * colors);
  return palette.every((value, at) => at % 4 === 3 || value === at >> 2);
}

function entryOf(size: number): number {
  return size === CORE_HEADER ? 3 : 4;
}
