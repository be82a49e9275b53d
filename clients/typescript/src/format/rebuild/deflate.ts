/** A zlib stream of stored blocks: nothing is compressed, so every program writes the same bytes (RFC 1950, RFC 1951). */

import { adler32 } from "../checksums.ts";
import { u32 } from "../bytes.ts";

/** Bytes of a stored block: its length has two bytes. */
const BLOCK = 65_535;
const HEADER = Uint8Array.of(0x78, 0x01);

export type Sink = (part: Uint8Array) => void;

/** The length of the stream of at least one byte of data. */
export function storedSize(length: number): number {
  return HEADER.length + 5 * Math.ceil(length / BLOCK) + length + 4;
}

/** Writes data of a length that is known beforehand, piece by piece. */
export class StoredStream {
  readonly #sink: Sink;
  #left: number;
  #room = 0;
  #checksum = 1;

  constructor(length: number, sink: Sink) {
    this.#left = length;
    this.#sink = sink;
    sink(HEADER);
  }

  put(data: Uint8Array): void {
    this.#checksum = adler32(data, this.#checksum);
    for (let at = 0; at < data.length; ) {
      if (this.#room === 0) this.#begin();
      const part = data.subarray(at, at + this.#room);
      this.#sink(part);
      this.#room -= part.length;
      this.#left -= part.length;
      at += part.length;
    }
    if (this.#left === 0) this.#sink(u32(this.#checksum));
  }

  #begin(): void {
    const size = Math.min(BLOCK, this.#left);
    this.#sink(Uint8Array.of(size === this.#left ? 1 : 0, size, size >>> 8, ~size, ~size >>> 8));
    this.#room = size;
  }
}

/** One stream in memory. */
export function store(data: Uint8Array): Uint8Array {
  const stream = new Uint8Array(storedSize(data.length));
  let at = 0;
  new StoredStream(data.length, (part) => {
    stream.set(part, at);
    at += part.length;
  }).put(data);
  return stream;
}
