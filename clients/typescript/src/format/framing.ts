/** The layout `file`: the bytes of a file as samples of the smallest picture (docs/reference/format.md, "Payload"). */

import { type Bytes, isZero, u64 } from "./bytes.ts";
import { PayloadInvalid } from "./failures.ts";

const LENGTH = 8;
const CHANNELS = 3;
const MIN_SIDE = 16;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size, in pixels, of the picture that holds a file of `length` bytes. */
export function frameSize(length: number): Size {
  const pixels = Math.ceil((LENGTH + length) / CHANNELS);
  const width = Math.max(MIN_SIDE, Math.floor(Math.sqrt(pixels - 1)) + 1);
  return { width, height: Math.max(MIN_SIDE, Math.ceil(pixels / width)) };
}

/** u64 length ‖ the file ‖ zero bytes, as RGB samples. */
export function frame(file: Uint8Array): Size & { samples: Bytes } {
  const size = frameSize(file.length);
  const samples = new Uint8Array(size.width * size.height * CHANNELS);
  samples.set(u64(file.length));
  samples.set(file, LENGTH);
  return { ...size, samples };
}

/** The file in a frame, without a copy; a frame that `frame` does not write is refused. */
export function unframe(samples: Bytes, { width, height }: Size): Bytes {
  const length = new DataView(samples.buffer, samples.byteOffset).getBigUint64(0);
  const size = length > samples.length ? null : frameSize(Number(length));
  if (size?.width !== width || size.height !== height) {
    throw new PayloadInvalid("The picture is not as large as the file in it demands");
  }
  const end = LENGTH + Number(length);
  if (!isZero(samples.subarray(end))) throw new PayloadInvalid("The filling behind the file is not zero");
  return samples.subarray(LENGTH, end);
}
