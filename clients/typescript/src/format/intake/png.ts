/** A strict reader of 8-bit PNGs for the layout `pixels`. A canvas is no such reader: it changes samples under alpha. */

import { adler32 } from "../checksums.ts";
import { ImageCorrupt } from "../failures.ts";
import { MAX_PIXELS } from "../limits.ts";
import type { Pace } from "../pace.ts";
import { type Picture, pixelBytes, rowBytes, sampleBytes } from "../picture.ts";
import { checkSize } from "./facts.ts";
import type { PngWalk } from "./png-walk.ts";
import { unfilterRow } from "./unfilter.ts";

/** Compressed bytes at a time: 16 KiB of a bomb inflate to 16 MiB, then it is refused. */
const PIECE = 1 << 14;

/**
 * Reads the samples of a picture without an obstacle, whose checksums were checked.
 *
 * Memory is taken once the declared size is known to be within the limit, and no more than it. Image data that inflate to
 * more or less are refused, and so are bytes behind them.
 */
export async function readPng({ geometry, chunks }: PngWalk, pace: Pace): Promise<Picture> {
  checkSize(geometry, MAX_PIXELS);
  const parts = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const picture = { ...geometry, samples: new Uint8Array(sampleBytes(geometry)) };
  const rows = new Rows(picture);
  let checksum = 1;
  for await (const part of inflate(parts)) {
    checksum = adler32(part, checksum);
    rows.put(part);
    await pace.advance(part.length);
  }
  // Node inflates without a word about bytes behind the end; where there are none, the checksum ends the data.
  if (!rows.areComplete) throw new ImageCorrupt("The image data of the PNG are shorter than the picture");
  if (checksum !== lastNumber(parts)) throw damaged();
  return picture;
}

async function* inflate(parts: readonly Uint8Array<ArrayBuffer>[]): AsyncGenerator<Uint8Array> {
  const pieces = cut(parts);
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  const reader = compressed.pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (let next = await read(reader); !next.done; next = await read(reader)) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined); // of a stream that failed, with the same error again
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw damaged(error);
  }
}

function* cut(parts: readonly Uint8Array<ArrayBuffer>[]): Generator<Uint8Array<ArrayBuffer>, undefined> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE) yield part.subarray(at, at + PIECE);
  }
}

/** The last four bytes of the image data: their Adler-32. */
function lastNumber(parts: readonly Uint8Array[]): number {
  let number = 0;
  let shift = 0;
  for (let i = parts.length - 1; i >= 0 && shift < 32; i--) {
    for (let at = parts[i].length - 1; at >= 0 && shift < 32; at--, shift += 8) number |= parts[i][at] << shift;
  }
  return number >>> 0;
}

function damaged(cause?: unknown): ImageCorrupt {
  const advice = "the layout `file` keeps a picture that other programs show";
  return new ImageCorrupt(`The image data of the PNG are damaged, or bytes follow them: ${advice}`, { cause });
}

/** Takes filtered rows in parts of any size, and puts their samples into the picture. */
class Rows {
  readonly #picture: Picture;
  readonly #line: Uint8Array;
  readonly #pixel: number;
  #filled = 0;
  #row = 0;

  constructor(picture: Picture) {
    this.#picture = picture;
    this.#line = new Uint8Array(1 + rowBytes(picture));
    this.#pixel = pixelBytes(picture);
  }

  get areComplete(): boolean {
    return this.#row === this.#picture.height;
  }

  put(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      if (this.areComplete) throw new ImageCorrupt("The image data of the PNG are longer than the picture");
      const some = part.subarray(at, at + this.#line.length - this.#filled);
      this.#line.set(some, this.#filled);
      this.#filled += some.length;
      at += some.length;
      if (this.#filled === this.#line.length) this.#finish();
    }
  }

  #finish(): void {
    unfilterRow(this.#line, this.#picture.samples, this.#row, this.#pixel);
    this.#filled = 0;
    this.#row++;
  }
}
