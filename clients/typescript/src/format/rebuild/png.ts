/** PNG, rebuilt with the chunks that were kept (docs/reference/format.md, "Rebuilding"). */

import { type Bytes } from "../bytes.ts";
import { bytesOf, hasKeys, type JsonObject, type JsonValue } from "../canonical.ts";
import { PayloadInvalid } from "../failures.ts";
import { MAX_CHUNKS } from "../limits.ts";
import type { Picture } from "../picture.ts";
import { type PngChunk, writePng } from "../png-write.ts";

/** The chunks that the layout `pixels` keeps: docs/reference/format.md, "Payload". */
export const KEPT_CHUNKS: ReadonlySet<string> = new Set(
  "iCCP eXIf pHYs tEXt zTXt iTXt tIME sRGB gAMA cHRM cICP sBIT bKGD".split(" "),
);

export type Place = "before" | "after";

export function rebuildPng(picture: Picture, description: JsonObject): Bytes {
  const chunks = hasKeys(description, "as", "chunks") ? description.chunks : null;
  if (!Array.isArray(chunks) || chunks.length > MAX_CHUNKS) throw new PayloadInvalid("The metadata describe no PNG");
  const sides: Record<Place, PngChunk[]> = { before: [], after: [] };
  for (const one of chunks) {
    const { place, chunk } = readChunk(one);
    sides[place].push(chunk);
  }
  return writePng(picture, sides.before, sides.after);
}

function readChunk(one: JsonValue): { place: Place; chunk: PngChunk } {
  if (hasKeys(one, "data_b64", "place", "type")) {
    const { place, type } = one;
    const data = bytesOf(one.data_b64);
    if (data !== null && (place === "before" || place === "after") && typeof type === "string" && KEPT_CHUNKS.has(type)) {
      return { place, chunk: { type, data } };
    }
  }
  throw new PayloadInvalid("The metadata describe a chunk that is never kept");
}
