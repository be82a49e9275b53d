/** A walk over the chunks of a PNG, that looks at lengths and types only. */

import { type Bytes, startsWith } from "./bytes.ts";

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Bytes around the data of a chunk: length and type in front, the checksum behind. */
export const CHUNK_FRAME = 12;

export interface Chunk {
  readonly type: string;
  readonly data: Bytes;
  /** The CRC-32 that the file states. */
  readonly checksum: number;
  /** Where the next chunk begins. */
  readonly end: number;
}

export function isPng(file: Uint8Array): boolean {
  return startsWith(file, SIGNATURE);
}

/** Yields the chunks of a PNG up to the end of the file; throws RangeError where one is cut off. */
export function* chunksOf(file: Bytes): Generator<Chunk> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = SIGNATURE.length; at < file.length; ) {
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    yield { type, data: file.subarray(at + 8, end), checksum: view.getUint32(end), end: end + 4 };
    at = end + 4;
  }
}
