/**
 * Encrypted images that another program has saved again (docs/reference/format.md, "Detached decryption"). Header and tag
 * come from elsewhere; the picture is any PNG, and only the tag decides whether its samples are the right ones.
 */

import type { Bytes } from "./bytes.ts";
import { type Container, coverOf, TAG_SIZE, whatItIs } from "./container.ts";
import { FileTooLarge, NotEncrypted, PictureConverted, TooManyPixels } from "./failures.ts";
import { type Header, parseHeader } from "./header.ts";
import { MAX_ENCRYPTED_BYTES, MAX_PIXELS } from "./limits.ts";
import type { Pace } from "./pace.ts";
import { sampleBytes } from "./picture.ts";
import { PALETTE, type Walk, walkPng } from "./png/frame.ts";
import { readInto } from "./png/read.ts";
import { isPng } from "./walk.ts";

const COLOR = 2;
const ALPHA = 4; // bits of PNG's color types

/** Steps 1 to 3: the chunks of a picture; a chunk qsIS among them is not looked at. */
export function survey(file: Bytes): Walk {
  if (file.length > MAX_ENCRYPTED_BYTES) throw new FileTooLarge("A picture has at most 112,000,000 bytes");
  if (file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff) {
    throw new PictureConverted("It was saved as a JPEG, which changes every pixel: the encrypted image is lost in it");
  }
  if (!isPng(file)) throw new NotEncrypted(whatItIs(file));
  const walk = walkPng(file);
  if (walk.frame.width * walk.frame.height > MAX_PIXELS) throw new TooManyPixels("The limit is 25,000,000 pixels");
  return walk;
}

/** Steps 5 to 5b: the samples of a picture as the header, the beginning of `front`, describes them. */
export async function readDetached(walk: Walk, front: Bytes, pace: Pace): Promise<Container> {
  const headerBytes = front.slice(0, Math.max(0, front.length - TAG_SIZE));
  const header = parseHeader(headerBytes);
  checkKind(header, walk);
  const covered = coverOf(headerBytes, sampleBytes(header));
  await readInto(covered.samples, header, walk, pace);
  return { header, tag: front.slice(headerBytes.length), ...covered };
}

/** Refuses a picture that cannot have the samples of the encrypted image. */
function checkKind(header: Header, { frame, chunks }: Walk): void {
  if (frame.width !== header.width || frame.height !== header.height) {
    const sizes = `it has ${frame.width} × ${frame.height} pixels, and the encrypted image ${header.width} × ${header.height}`;
    throw new PictureConverted(`It was resized, cropped or turned: ${sizes}`);
  }
  const hasPalette = frame.colorType === PALETTE;
  const hasAlpha = (frame.colorType & ALPHA) > 0 || (hasPalette && chunks.some(({ type }) => type === "tRNS"));
  if (header.colorType & COLOR && !(frame.colorType & COLOR)) {
    throw new PictureConverted("It was converted to gray, and the encrypted image is in color");
  }
  if (header.colorType & ALPHA && !hasAlpha) {
    throw new PictureConverted("It was saved without its transparency, which is a part of the encrypted image");
  }
  const depth = hasPalette ? 8 : frame.bitDepth;
  if (depth < header.bitDepth) {
    throw new PictureConverted(`It was converted to ${depth} bits a sample, and the encrypted image has ${header.bitDepth}`);
  }
}
