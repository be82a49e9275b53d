/** BMP, rebuilt byte for byte (docs/reference/format.md, "Rebuilding"). */

import type { Bytes } from "../bytes.ts";
import { bytesOf, hasKeys, type JsonObject } from "../canonical.ts";
import { PayloadInvalid } from "../failures.ts";
import { type Picture, pixelBytes, rowBytes } from "../picture.ts";

const FILE_HEADER = 14;
const HEADERS = new Set([40, 52, 56, 108, 124]);
const PROFILES = new Set([0x4c_49_4e_4b, 0x4d_42_45_44]); // PROFILE_LINKED and PROFILE_EMBEDDED, little-endian
const GRAYS = 256;

export function rebuildBmp(picture: Picture, description: JsonObject): Bytes {
  const header = hasKeys(description, "as", "header_b64") ? bytesOf(description.header_b64) : null;
  if (header === null || !fits(header, picture)) throw new PayloadInvalid("The header of the BMP is of another picture");
  const size = stride(picture) * picture.height;
  const start = FILE_HEADER + header.length;
  const file = new Uint8Array(start + size);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, start, true);
  file.set(header, FILE_HEADER);
  if (view.getUint32(FILE_HEADER + 20, true) !== 0) view.setUint32(FILE_HEADER + 20, size, true);
  writeRows(file.subarray(start), picture, view.getInt32(FILE_HEADER + 8, true) < 0);
  return file;
}

function stride(picture: Picture): number {
  return Math.ceil(rowBytes(picture) / 4) * 4;
}

function writeRows(target: Uint8Array, picture: Picture, isTopDown: boolean): void {
  const { samples, height } = picture;
  const rowSize = rowBytes(picture);
  const step = stride(picture);
  const copy = pixelBytes(picture) === 1 ? copyGray : copyColor;
  for (let row = 0; row < height; row++) {
    const from = (isTopDown ? row : height - 1 - row) * rowSize;
    copy(target, row * step, samples, from, rowSize);
  }
}

function copyGray(target: Uint8Array, to: number, samples: Uint8Array, from: number, size: number): void {
  for (let i = 0; i < size; i++) target[to + i] = samples[from + i];
}

/** Blue, green and red, for samples of red, green and blue. */
function copyColor(target: Uint8Array, to: number, samples: Uint8Array, from: number, size: number): void {
  for (let i = 0; i < size; i += 3) {
    target[to + i] = samples[from + i + 2];
    target[to + i + 1] = samples[from + i + 1];
    target[to + i + 2] = samples[from + i];
  }
}

function fits(header: Bytes, picture: Picture): boolean {
  if (header.length < 40) return false;
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const size = view.getUint32(0, true);
  const channels = pixelBytes(picture);
  return (
    HEADERS.has(size) &&
    header.length >= size &&
    view.getInt32(4, true) === picture.width &&
    Math.abs(view.getInt32(8, true)) === picture.height &&
    view.getUint16(12, true) === 1 &&
    picture.bitDepth === 8 &&
    (channels === 1 || channels === 3) &&
    view.getUint16(14, true) === 8 * channels &&
    view.getUint32(16, true) === 0 &&
    !(size === 124 && PROFILES.has(view.getUint32(56, true))) &&
    hasPalette(header, size, view.getUint32(32, true), channels === 1)
  );
}

function hasPalette(header: Bytes, size: number, used: number, isGray: boolean): boolean {
  if (!isGray) return header.length === size + 4 * Math.min(GRAYS, used);
  if ((used !== 0 && used < GRAYS) || header.length !== size + 4 * GRAYS) return false;
  return header.subarray(size).every((value, at) => at % 4 === 3 || value === at >> 2);
}
