/** The chunks of a PNG, and what the layout `pixels` would lose of it (Portable Network Graphics, third edition). */

import type { Bytes } from "../bytes.ts";
import { crc32 } from "../checksums.ts";
import { ImageCorrupt } from "../failures.ts";
import { MAX_CHUNKS, MAX_FILE_PIXELS, MAX_KEPT } from "../limits.ts";
import type { Geometry } from "../picture.ts";
import { KEPT_CHUNKS } from "../rebuild/png.ts";
import { type Chunk, CHUNK_FRAME, chunksOf, SIGNATURE } from "../walk.ts";
import { checkSize, type Facts } from "./facts.ts";
import { Window } from "./window.ts";

export interface PngWalk {
  readonly geometry: Geometry;
  readonly chunks: readonly Chunk[];
  /** Why the pixels do not restore the picture, with its article, or null. */
  readonly obstacle: string | null;
  readonly hasTrailingData: boolean;
}

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
};
const MODES: Readonly<Record<number, string>> = { 0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA" };
const PALETTE = 3;
const TYPE = /^[A-Za-z]{4}$/;
const OWN_CHUNKS = new Set(["IHDR", "IDAT", "IEND"]);

export function describePng(data: Bytes): Facts {
  const { geometry } = walkPng(data);
  const { width, height, bitDepth } = geometry;
  return { format: "PNG", mode: modeOf(geometry), bitDepth, width, height };
}

/** Walks over all chunks up to IEND, and checks their order; checksums and pixels are not looked at. */
export function walkPng(data: Bytes): PngWalk {
  const { geometry, isInterlaced } = readFrame(new Window(data, "The PNG"));
  checkSize(geometry, MAX_FILE_PIXELS);
  const chunks = readChunks(data);
  checkOrder(geometry, chunks);
  const end = chunks.reduce((size, { data: content }) => size + CHUNK_FRAME + content.length, SIGNATURE.length);
  const obstacle = isInterlaced ? "an interlaced PNG" : findObstacle(geometry, chunks);
  return { geometry, chunks, obstacle, hasTrailingData: end < data.length };
}

/** Checks every checksum, which the walk does not, because it takes time. */
export function checkChecksums({ chunks }: PngWalk): void {
  for (const { type, data, checksum } of chunks) {
    const whole = new Uint8Array(data.buffer, data.byteOffset - 4, data.length + 4);
    if (crc32(whole) !== checksum) throw new ImageCorrupt(`The checksum of the chunk ${type} of the PNG is wrong`);
  }
}

function readFrame(file: Window): { geometry: Geometry; isInterlaced: boolean } {
  if (file.length < 33 || file.text(SIGNATURE.length, 8) !== "\0\0\0\rIHDR") {
    throw new ImageCorrupt("The PNG does not start with a whole IHDR chunk");
  }
  const [width, height] = [file.u32(16), file.u32(20)];
  const [bitDepth, colorType, compression, filtering, interlace] = file.slice(24, 5);
  if (width === 0 || height === 0 || Math.max(width, height) >= 2 ** 31) {
    throw new ImageCorrupt("The PNG declares an impossible size");
  }
  const exists = (DEPTHS[colorType] ?? []).includes(bitDepth);
  if (!exists || compression !== 0 || filtering !== 0 || interlace > 1) {
    throw new ImageCorrupt("The PNG declares samples that do not exist");
  }
  return { geometry: { width, height, bitDepth, colorType }, isInterlaced: interlace === 1 };
}

function readChunks(data: Bytes): readonly Chunk[] {
  const chunks: Chunk[] = [];
  try {
    for (const chunk of chunksOf(data)) {
      if (!TYPE.test(chunk.type)) throw new ImageCorrupt("A chunk of the PNG has no name");
      chunks.push(chunk);
      if (chunk.type === "IEND") return chunks;
      if (chunks.length === MAX_CHUNKS) throw new ImageCorrupt(`The PNG has more than ${MAX_CHUNKS} chunks`);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ImageCorrupt("The PNG is cut off in a chunk");
  }
  throw new ImageCorrupt("The PNG ends before its IEND chunk");
}

function checkOrder({ colorType }: Geometry, chunks: readonly Chunk[]): void {
  const types = chunks.map(({ type }) => type);
  const first = types.indexOf("IDAT");
  if (first < 0) throw new ImageCorrupt("The PNG has no image data");
  if (types.slice(first, types.lastIndexOf("IDAT")).some((type) => type !== "IDAT")) {
    throw new ImageCorrupt("The image data chunks of the PNG are not consecutive");
  }
  const count = (wanted: string): number => types.filter((type) => type === wanted).length;
  if (count("IHDR") !== 1 || count("PLTE") > 1 || chunks[chunks.length - 1].data.length > 0) {
    throw new ImageCorrupt("A chunk of the PNG occurs twice or in a wrong place");
  }
  const palette = types.indexOf("PLTE");
  if (colorType === PALETTE && (palette < 0 || palette > first)) throw new ImageCorrupt("The palette of the PNG is missing");
}

/** The format also takes 16-bit gray and interlaced pictures as pixels; this writer leaves them to the layout `file`. */
function findObstacle({ bitDepth, colorType }: Geometry, chunks: readonly Chunk[]): string | null {
  const types = new Set(chunks.map(({ type }) => type));
  const strange = [...types].filter((type) => !KEPT_CHUNKS.has(type) && !OWN_CHUNKS.has(type)).sort().at(0);
  if (types.has("acTL")) return "an animated PNG";
  if (colorType === PALETTE) return "a PNG with a palette";
  if (types.has("tRNS")) return "a PNG with one transparent color";
  if (bitDepth !== 8) return `a PNG with ${bitDepth}-bit samples`;
  if (strange !== undefined) return `a PNG with a chunk ${strange}`;
  return keptSize(chunks) > MAX_KEPT ? "a PNG with profiles and text of more than 3 MB" : null;
}

/** About the bytes that kept chunks take in the metadata. */
function keptSize(chunks: readonly Chunk[]): number {
  const kept = chunks.filter(({ type }) => KEPT_CHUNKS.has(type));
  return kept.reduce((size, { data }) => size + 64 + 4 * Math.ceil(data.length / 3), 0);
}

function modeOf({ bitDepth, colorType }: Geometry): string {
  if (colorType === 0 && bitDepth !== 8) return bitDepth === 16 ? "I;16" : bitDepth === 1 ? "1" : `L;${bitDepth}`;
  return MODES[colorType] + (bitDepth > 8 ? ";16" : "");
}
