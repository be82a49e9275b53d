/** The kind of a file by its first bytes. Its name and media type are never looked at. */

import type { Bytes } from "../bytes.ts";
import { CHUNK_TYPE } from "../container.ts";
import { MAX_CHUNKS } from "../limits.ts";
import { beginsAs } from "../metadata.ts";
import type { DecodedFormat } from "../picture.ts";
import { nameOf } from "../recognition.ts";
import { chunksOf, isPng } from "../walk.ts";

/** What can be done with a file. */
export type FileKind = "encrypted image" | "key file" | "material" | "recipient key" | "identity" | "picture" | "unknown";

const FORMATS: readonly DecodedFormat[] = ["PNG", "JPEG", "BMP", "TIFF", "WEBP"];
const KINDS: Readonly<Partial<Record<string, FileKind>>> = {
  "a key file": "key file",
  "a material file": "material",
  "a recipient's secret key": "identity",
  "a recipient's public key": "recipient key",
};

/** The format that a decoder reads, or null for any other file (docs/reference/format.md, "Source"). */
export function sniffFormat(data: Uint8Array): DecodedFormat | null {
  return FORMATS.find((format) => beginsAs(data, format)) ?? null;
}

/** What a file is, so that a page can say which of two files was put in the other's place; 64 KiB of it suffice. */
export function recognize(data: Bytes): FileKind {
  const named = nameOf(data);
  if (named?.isPicture) return isEncryptedImage(data) ? "encrypted image" : "picture";
  return KINDS[named?.kind ?? ""] ?? "unknown";
}

/** Whether a PNG has our chunk; one that was saved by another program has lost it. */
export function isEncryptedImage(data: Bytes): boolean {
  if (!isPng(data)) return false;
  let left = MAX_CHUNKS;
  try {
    for (const { type } of chunksOf(data)) {
      if (type === CHUNK_TYPE) return true;
      if (type === "IEND" || --left === 0) return false;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return false;
}
