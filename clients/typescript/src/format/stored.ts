/**
 * The image data of an encrypted image: IDAT chunks of one zlib stream of stored blocks (docs/reference/format.md, "PNG").
 * The place of every byte follows from the geometry, so each is compared while the samples are copied out.
 */

import { type Bytes, concat, u32 } from "./bytes.ts";
import { adler32, crc32 } from "./checksums.ts";
import { HeaderInvalid } from "./failures.ts";
import type { Pace } from "./pace.ts";
import { type Geometry, rowBytes } from "./picture.ts";
import { CHUNK_FRAME } from "./walk.ts";

const CHUNK = 1 << 20; // bytes of the zlib stream in a chunk
const BLOCK = 65_535; // bytes in a stored block
const BLOCK_HEAD = 5;
const ZLIB_HEAD = Uint8Array.of(0x78, 0x01);
const ADLER = 4;
const IDAT = 0x49444154;

/** The bytes of all IDAT chunks of a picture. */
export function storedSize(geometry: Geometry): number {
  const size = zlibSize(geometry);
  return size + CHUNK_FRAME * Math.ceil(size / CHUNK);
}

/** Copies the samples out of IDAT chunks of `storedSize`, and refuses every byte that a writer does not write. */
export async function readStored(idat: Bytes, geometry: Geometry, samples: Bytes, pace: Pace): Promise<void> {
  const stream = new StoredStream(geometry, samples);
  const view = new DataView(idat.buffer, idat.byteOffset, idat.byteLength);
  for (let at = 0, left = zlibSize(geometry); left > 0; ) {
    const size = Math.min(CHUNK, left);
    const end = at + 8 + size;
    const framed = view.getUint32(at) === size && view.getUint32(at + 4) === IDAT;
    demand(framed && view.getUint32(end) === crc32(idat.subarray(at + 4, end)));
    stream.put(idat.subarray(at + 8, end));
    at = end + 4;
    left -= size;
    await pace.advance(size);
  }
}

function zlibSize(geometry: Geometry): number {
  const lines = linesSize(geometry);
  return ZLIB_HEAD.length + BLOCK_HEAD * Math.ceil(lines / BLOCK) + lines + ADLER;
}

/** The uncompressed bytes: for each row a filter byte and the samples. */
function linesSize(geometry: Geometry): number {
  return geometry.height * (1 + rowBytes(geometry));
}

/** Takes the zlib stream from its beginning, in parts of any size. */
class StoredStream {
  readonly #samples: Bytes;
  readonly #line: number;
  readonly #size: number;
  /** Bytes of the lines taken so far. */
  #taken = 0;
  /** Bytes that are due in front of the next byte of a line, or behind the last one. */
  #due: Uint8Array;
  #adler = 1;

  constructor(geometry: Geometry, samples: Bytes) {
    this.#samples = samples;
    this.#line = 1 + rowBytes(geometry);
    this.#size = linesSize(geometry);
    this.#due = concat(ZLIB_HEAD, this.#blockHead());
  }

  put(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      if (this.#due.length > 0) at += this.#takeDue(part.subarray(at));
      else at += this.#takeLines(part.subarray(at));
    }
  }

  #takeDue(part: Uint8Array): number {
    const count = Math.min(part.length, this.#due.length);
    for (let i = 0; i < count; i++) demand(part[i] === this.#due[i]);
    this.#due = this.#due.subarray(count);
    return count;
  }

  #takeLines(part: Uint8Array): number {
    const left = BLOCK - (this.#taken % BLOCK);
    const data = part.subarray(0, Math.min(left, this.#size - this.#taken));
    this.#adler = adler32(data, this.#adler);
    this.#copy(data);
    this.#taken += data.length;
    if (this.#taken === this.#size) this.#due = u32(this.#adler);
    else if (this.#taken % BLOCK === 0) this.#due = this.#blockHead();
    return data.length;
  }

  #blockHead(): Uint8Array {
    const left = this.#size - this.#taken;
    const size = Math.min(BLOCK, left);
    return Uint8Array.of(left <= BLOCK ? 1 : 0, size, size >>> 8, ~size, ~size >>> 8);
  }

  #copy(data: Uint8Array): void {
    let row = Math.floor(this.#taken / this.#line);
    let column = this.#taken % this.#line;
    for (let at = 0; at < data.length; row++, column = 0) {
      if (column === 0) demand(data[at] === 0);
      const some = data.subarray(at + (column === 0 ? 1 : 0), at + this.#line - column);
      this.#samples.set(some, row * (this.#line - 1) + Math.max(0, column - 1));
      at += this.#line - column;
    }
  }
}

function demand(holds: boolean): asserts holds {
  if (!holds) throw new HeaderInvalid("The image data is not what a writer writes");
}
