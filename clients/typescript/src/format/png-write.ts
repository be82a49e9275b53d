/** A writer of PNG files without compression: every row has the filter 0 (Portable Network Graphics, third edition). */

import { type Bytes, concat, u32, utf8 } from "./bytes.ts";
import { crc32 } from "./checksums.ts";
import { type Picture, rowBytes } from "./picture.ts";
import { storedSize, StoredStream } from "./rebuild/deflate.ts";
import { CHUNK_FRAME, SIGNATURE } from "./walk.ts";

export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Bytes of image data in a chunk: docs/reference/format.md, "PNG". */
const IDAT_SIZE = 1_048_576;
const STRIP = 1 << 18; // rows that are put together before they are written: they fit the cache
const SHORT_ROW = 64; // bytes below which a loop is faster than a view and a copy

/**
 * Writes a picture. With `qsIS` before the image data these are exactly the bytes of an encrypted image.
 *
 * @param before chunks before the image data
 * @param after chunks behind the image data
 */
export function writePng(picture: Picture, before: readonly PngChunk[] = [], after: readonly PngChunk[] = []): Bytes {
  const rowSize = rowBytes(picture);
  const filtered = picture.height * (1 + rowSize);
  const file = new PngFile(sizeOf(filtered, before, after));
  file.append(SIGNATURE);
  file.chunk({ type: "IHDR", data: describe(picture) });
  before.forEach((chunk) => { file.chunk(chunk); });
  const stream = new StoredStream(filtered, (part) => { file.imageData(part); });
  for (const strip of strips(picture, rowSize)) stream.put(strip);
  file.endImageData();
  after.forEach((chunk) => { file.chunk(chunk); });
  file.chunk({ type: "IEND", data: new Uint8Array(0) });
  return file.bytes;
}

function sizeOf(filtered: number, before: readonly PngChunk[], after: readonly PngChunk[]): number {
  const compressed = storedSize(filtered);
  const kept = [...before, ...after].reduce((size, { data }) => size + CHUNK_FRAME + data.length, 0);
  return SIGNATURE.length + (CHUNK_FRAME + 13) + kept + compressed + CHUNK_FRAME * Math.ceil(compressed / IDAT_SIZE) + CHUNK_FRAME;
}

function describe({ width, height, bitDepth, colorType }: Picture): Bytes {
  return concat(u32(width), u32(height), Uint8Array.of(bitDepth, colorType, 0, 0, 0));
}

/** Yields rows with their filter bytes; the memory of a strip is used again for the next. */
function* strips({ samples, height }: Picture, rowSize: number): Generator<Uint8Array> {
  const most = Math.min(height, Math.max(1, Math.floor(STRIP / (1 + rowSize))));
  const memory = new Uint8Array(most * (1 + rowSize));
  for (let top = 0; top < height; top += most) {
    const rows = Math.min(most, height - top);
    const strip = memory.subarray(0, rows * (1 + rowSize));
    fill(strip, samples.subarray(top * rowSize, (top + rows) * rowSize), rowSize);
    yield strip;
  }
}

function fill(strip: Uint8Array, samples: Uint8Array, rowSize: number): void {
  for (let from = 0, to = 0; from < samples.length; from += rowSize, to += rowSize + 1) {
    if (rowSize < SHORT_ROW) for (let i = 0; i < rowSize; i++) strip[to + 1 + i] = samples[from + i];
    else strip.set(samples.subarray(from, from + rowSize), to + 1);
  }
}

/** A file of a known size, written from the front; the data of IDAT are cut into chunks. */
class PngFile {
  readonly bytes: Bytes;
  readonly #view: DataView;
  #at = 0;
  /** Where the open IDAT chunk begins; its data end where the next part begins. */
  #open = -1;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  append(data: Uint8Array): void {
    this.bytes.set(data, this.#at);
    this.#at += data.length;
  }

  chunk({ type, data }: PngChunk): void {
    const start = this.#at;
    this.#begin(type);
    this.append(data);
    this.#end(start);
  }

  imageData(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      if (this.#open < 0) {
        this.#open = this.#at;
        this.#begin("IDAT");
      }
      const room = IDAT_SIZE - (this.#at - this.#open - 8);
      this.append(part.subarray(at, at + room));
      at += room;
      if (this.#at - this.#open - 8 === IDAT_SIZE) this.endImageData();
    }
  }

  endImageData(): void {
    if (this.#open >= 0) this.#end(this.#open);
    this.#open = -1;
  }

  #begin(type: string): void {
    this.#at += 4;
    this.append(utf8(type));
  }

  #end(start: number): void {
    this.#view.setUint32(start, this.#at - start - 8);
    this.#view.setUint32(this.#at, crc32(this.bytes.subarray(start + 4, this.#at)));
    this.#at += 4;
  }
}
