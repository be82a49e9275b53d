/** Material: the bits of `multistage` and `maximum` that no key derives again (docs/reference/format.md, "Material"). */

import { type Bytes, concat, equal, startsWith, utf8 } from "./bytes.ts";
import { FileTooLarge, LaterMaterial, MacMismatch, MaterialRequired, PayloadInvalid } from "./failures.ts";
import type { Header } from "./header.ts";
import type { KeyFile } from "./keyfile.ts";
import { MeasuredLanes } from "./lanes.ts";
import { MAX_MATERIAL_BYTES } from "./limits.ts";
import { sha256 } from "./primitives.ts";
import type { Keys } from "./schedule.ts";
import { SealedReader } from "./sealed.ts";
import { countSegments, MeasuredStreams, SEED_SIZE, SegmentStreams, Streams } from "./streams.ts";

const MAGIC = utf8("QSMT");
const VERSION = 1;

/** Step 5a: the material that an image needs, from its key file or as given; empty if there is none. */
export function materialOf(header: Header, keyFile: KeyFile, given: Bytes | null): Bytes {
  if (header.purity !== "maximum") return keyFile.material ?? new Uint8Array();
  if (given === null) {
    throw new MaterialRequired("An image of the purity maximum needs the .qmat file that was written beside it");
  }
  if (given.length > MAX_MATERIAL_BYTES) throw new FileTooLarge("Material has at most 320,000,000 bytes");
  const version = startsWith(given, MAGIC) ? given.at(MAGIC.length) ?? 0 : 0;
  if (version > VERSION) throw new LaterMaterial(version);
  return given;
}

/** Step 10a: the material is the one that the authentic header names. */
export async function verifyMaterial(header: Header, material: Bytes): Promise<void> {
  if (header.materialSha256 !== null && !equal(await sha256(material), header.materialSha256)) {
    throw new MacMismatch("The material is not the one that the image was encrypted with");
  }
}

/** Step 12: the keystreams of an image, with the material that `verifyMaterial` accepted. */
export async function openStreams(
  header: Header,
  keys: Keys,
  material: Bytes,
  payload: { readonly bytes: number; readonly pixels: number },
): Promise<Streams> {
  if (header.materialSha256 === null) return new Streams(keys);
  const reader = await SealedReader.of(material, keys.material, concat(MAGIC, Uint8Array.of(VERSION), header.keyId));
  if (header.purity === "maximum") {
    return new MeasuredStreams(keys, await MeasuredLanes.of(reader, payload.bytes, payload.pixels));
  }
  const seeds = await reader.read(0, reader.size);
  if (seeds.length !== SEED_SIZE * countSegments(payload.bytes)) {
    throw new PayloadInvalid("The material holds another number of seeds than the picture has segments");
  }
  return new SegmentStreams(keys, seeds);
}
