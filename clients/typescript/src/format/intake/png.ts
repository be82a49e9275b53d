/** A PNG as the layout `pixels` sees it: what it would lose of the file, and what it keeps (docs/reference/format.md, "Payload"). */

import { type Bytes, toBase64 } from "../bytes.ts";
import type { JsonObject } from "../canonical.ts";
import { MAX_KEPT } from "../limits.ts";
import { type Frame, PALETTE, type Walk, walkPng } from "../png/frame.ts";
import { KEPT_CHUNKS } from "../rebuild/png.ts";
import type { Chunk } from "../walk.ts";
import type { Facts } from "./facts.ts";

const MODES: Readonly<Record<number, string>> = { 0: "L", 2: "RGB", [PALETTE]: "P", 4: "LA", 6: "RGBA" };
const OWN_CHUNKS = new Set(["IHDR", "IDAT", "IEND"]);

export function describePng(data: Bytes): Facts {
  const { frame } = walkPng(data);
  const { width, height, bitDepth } = frame;
  return { format: "PNG", mode: modeOf(frame), bitDepth, width, height };
}

/**
 * Why the pixels do not restore the picture, with its article, or null.
 *
 * The format takes 16-bit gray too; this writer leaves it to the layout `file`.
 */
export function obstacleOf({ frame, chunks }: Walk): string | null {
  const types = new Set(chunks.map(({ type }) => type));
  const strange = [...types].filter((type) => !KEPT_CHUNKS.has(type) && !OWN_CHUNKS.has(type)).sort().at(0);
  if (types.has("acTL")) return "an animated PNG";
  if (frame.colorType === PALETTE) return "a PNG with a palette";
  if (types.has("tRNS")) return "a PNG with one transparent color";
  if (frame.bitDepth !== 8) return `a PNG with ${frame.bitDepth}-bit samples`;
  if (strange !== undefined) return `a PNG with a chunk ${strange}`;
  return keptSize(chunks) > MAX_KEPT ? "a PNG with profiles and text of more than 3 MB" : null;
}

/** `rebuild` of the metadata: the other chunks, as they are, on both sides of the image data. */
export function keepChunks({ chunks }: Walk): JsonObject {
  const first = chunks.findIndex(({ type }) => type === "IDAT");
  const kept = chunks.map(({ type, data }, i) => ({ type, data, place: i < first ? "before" : "after" }));
  return {
    as: "PNG",
    chunks: kept
      .filter(({ type }) => KEPT_CHUNKS.has(type))
      .map(({ type, data, place }) => ({ data_b64: toBase64(data), place, type })),
  };
}

/** About the bytes that kept chunks take in the metadata. */
function keptSize(chunks: readonly Chunk[]): number {
  const kept = chunks.filter(({ type }) => KEPT_CHUNKS.has(type));
  return kept.reduce((size, { data }) => size + 64 + 4 * Math.ceil(data.length / 3), 0);
}

function modeOf({ bitDepth, colorType }: Frame): string {
  if (colorType === 0 && bitDepth !== 8) return bitDepth === 16 ? "I;16" : bitDepth === 1 ? "1" : `L;${bitDepth}`;
  return MODES[colorType] + (bitDepth > 8 ? ";16" : "");
}
