/** The structure of any PNG: its chunks and what IHDR says, without the image data (PNG, third edition, section 5). */

import { type Bytes, utf8 } from "../bytes.ts";
import { crc32 } from "../checksums.ts";
import { ImageCorrupt, UnsupportedFormat } from "../failures.ts";
import { MAX_CHUNKS } from "../limits.ts";
import { type Chunk, chunksOf, isPng } from "../walk.ts";

/** IHDR. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
  readonly isInterlaced: boolean;
}

export interface Walk {
  readonly frame: Frame;
  /** All chunks from IHDR to IEND. */
  readonly chunks: readonly Chunk[];
  /** Whether bytes follow IEND; they are not looked at. */
  readonly hasTrailingData: boolean;
}

export const PALETTE = 3;
const IHDR_SIZE = 13;
const MAX_SIDE = 2 ** 31 - 1;
const LETTERS = /^[A-Za-z]{4}$/;
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, [PALETTE]: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Bits of a pixel. */
export function pixelBits({ bitDepth, colorType }: Frame): number {
  return bitDepth * CHANNELS[colorType];
}

/** Walks over a PNG up to IEND, and refuses a structure that no PNG has. Checksums are not looked at. */
export function walkPng(file: Bytes): Walk {
  if (!isPng(file)) throw new UnsupportedFormat("The file is no PNG");
  const chunks: Chunk[] = [];
  let frame: Frame | null = null;
  try {
    for (const chunk of chunksOf(file)) {
      frame ??= readFrame(chunk);
      demand(LETTERS.test(chunk.type), "a chunk of the PNG has no name");
      demand(chunks.length < MAX_CHUNKS, "the PNG has more than 65,536 chunks");
      chunks.push(chunk);
      if (chunk.type === "IEND") {
        checkOrder(chunks, frame);
        return { frame, chunks, hasTrailingData: chunk.end < file.length };
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new ImageCorrupt("the PNG is cut short");
}

/** Refuses a wrong checksum of any chunk. */
export function checkChecksums({ chunks }: Walk): void {
  for (const { type, data, checksum } of chunks) {
    demand(crc32(data, crc32(utf8(type))) === checksum, `the checksum of a chunk ${type} is wrong`);
  }
}

function readFrame({ type, data }: Chunk): Frame {
  demand(type === "IHDR" && data.length === IHDR_SIZE, "the PNG does not begin with IHDR");
  const view = new DataView(data.buffer, data.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth, colorType, compression, filter, interlace] = data.subarray(8);
  demand(width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE, "the PNG has an impossible size");
  const isKind = colorType in DEPTHS && DEPTHS[colorType].includes(bitDepth);
  demand(isKind && compression === 0 && filter === 0 && interlace < 2, "the PNG has samples of a kind that does not exist");
  return { width, height, bitDepth, colorType, isInterlaced: interlace === 1 };
}

function checkOrder(chunks: readonly Chunk[], frame: Frame): void {
  const types = chunks.map(({ type }) => type);
  const count = (name: string) => types.filter((type) => type === name).length;
  const [first, last] = [types.indexOf("IDAT"), types.lastIndexOf("IDAT")];
  demand(first >= 0 && last - first + 1 === count("IDAT"), "the image data of the PNG are missing or interrupted");
  demand(count("IHDR") === 1 && count("PLTE") <= 1, "a chunk of the PNG occurs twice");
  demand(chunks.at(-1)?.data.length === 0, "the end of the PNG has data");
  demand(frame.colorType !== PALETTE || types.slice(0, first).includes("PLTE"), "the palette of the PNG is missing");
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new ImageCorrupt(why);
}
