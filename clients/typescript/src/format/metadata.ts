/** The encrypted metadata of an image (docs/reference/format.md, "Metadata" and "Source"). */

import type { Bytes } from "./bytes.ts";
import { hasKeys, isDigest, isInteger, isObject, type JsonObject, type JsonValue, loads, NotCanonical } from "./canonical.ts";
import { PayloadInvalid } from "./failures.ts";
import type { Header, Purity } from "./header.ts";
import type { KeyFile } from "./keyfile.ts";
import { type DecodedFormat, kindOf, type Source, type SourceFormat } from "./picture.ts";
import { GCM_NONCE, GcmKey } from "./primitives.ts";

export interface Metadata {
  readonly jobId: string;
  readonly purity: Purity;
  readonly statementSha256: string;
  readonly payloadSha256: string;
  readonly originalSha256: string;
  /** An object; `readSource` checks what is in it. */
  readonly source: JsonObject;
}

const KEYS = ["version", "job_id", "purity", "statement_sha256", "payload_sha256", "original_sha256", "source"];
const SOURCE = ["format", "mode", "bit_depth", "file_name", "rebuild"];
const DEEPEST = 64;
const MODE = /^[!-~]{1,16}$/;
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, section 5.6.2
const LONGEST_MEDIA_TYPE = 127;

/** What each format comes back as, and the modes that `pixels` of it have. */
const RETURNS: Readonly<Record<DecodedFormat, { as: DecodedFormat; modes: readonly string[] }>> = {
  PNG: { as: "PNG", modes: ["L", "I;16", "RGB", "LA", "RGBA"] },
  JPEG: { as: "PNG", modes: ["L", "RGB"] },
  WEBP: { as: "PNG", modes: ["RGB", "RGBA"] },
  BMP: { as: "BMP", modes: ["L", "RGB"] },
  TIFF: { as: "TIFF", modes: ["L", "I;16", "RGB", "LA", "RGBA"] },
};

/** Step 11: the metadata of an authentic image, in agreement with header and key file. */
export async function openMetadata(header: Header, keyFile: KeyFile, key: Bytes): Promise<Metadata> {
  demand(keyFile.purity === header.purity, "The key file names another purity than the image");
  const plain = await (await GcmKey.of(key)).decrypt(new Uint8Array(GCM_NONCE), header.metadata);
  demand(plain !== null, "The metadata do not decrypt");
  const value = readJson(plain);
  demand(hasKeys(value, ...KEYS), "The metadata have a missing or additional key");
  const { job_id: jobId, statement_sha256: statementSha256, source } = value;
  const { payload_sha256: payloadSha256, original_sha256: originalSha256 } = value;
  demand(value.version === 1 && typeof jobId === "string" && isObject(source), "The metadata have an ill-typed value");
  demand(value.purity === header.purity, "The metadata name another purity than the image");
  demand(statementSha256 === keyFile.statementSha256, "The key file names another statement than the image");
  demand(isDigest(payloadSha256) && isDigest(originalSha256), "The metadata have a malformed digest");
  return { jobId, purity: header.purity, statementSha256, payloadSha256, originalSha256, source };
}

/** Step 13: `source`, in agreement with the header. What is in `rebuild` is checked where the file is rebuilt. */
export function readSource(source: JsonObject, header: Header): Source {
  if (header.version === 2) return readOther(source);
  demand(hasKeys(source, ...SOURCE), "The source has a missing or additional key");
  const { format, mode, bit_depth: depth, file_name: name, rebuild } = source;
  demand(isDecoded(format), "The source has another format");
  demand(typeof mode === "string" && MODE.test(mode), "The source has no mode that a picture has");
  demand(isInteger(depth, 1, DEEPEST), "The source has no bit depth that a picture has");
  demand(name === null || typeof name === "string", "The file name is no text");
  demand(rebuild === null || isObject(rebuild), "The source says in no way how to rebuild the file");
  demand(header.layout === "pixels" || rebuild === null, "A file that is to be rebuilt");
  const read = { format, mode, bit_depth: depth, file_name: name, rebuild };
  if (header.layout === "pixels") checkPixels(read, RETURNS[format], header);
  return read;
}

/** Whether a file begins as its format says; of OTHER nothing is compared. */
export function beginsAs(file: Uint8Array, format: SourceFormat): boolean {
  const start = String.fromCharCode(...file.subarray(0, 18));
  switch (format) {
    case "PNG":
      return start.startsWith("\x89PNG\r\n\x1a\n");
    case "JPEG":
      return start.startsWith("\xff\xd8\xff");
    case "WEBP":
      return start.startsWith("RIFF") && start.startsWith("WEBP", 8);
    case "BMP":
      return /^BM[\s\S]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/.test(start);
    case "TIFF":
      return /^(?:II[*+]\0|MM\0[*+])/.test(start);
    case "OTHER":
      return true;
  }
}

function readOther(source: JsonObject): Source {
  demand(hasKeys(source, ...SOURCE, "media_type"), "The source has a missing or additional key");
  const { format, mode, bit_depth: depth, file_name: name, rebuild, media_type: type } = source;
  demand(format === "OTHER", "A header of version 2 with a format of version 1");
  demand(mode === null && depth === null && rebuild === null, "A file that was not decoded has neither mode nor depth");
  demand(name === null || typeof name === "string", "The file name is no text");
  demand(type === null || isMediaType(type), "Not a media type");
  return { format, mode, bit_depth: depth, file_name: name, rebuild, media_type: type };
}

function checkPixels(source: Source, { as, modes }: { as: string; modes: readonly string[] }, header: Header): void {
  const kind = kindOf(header);
  const isOfHeader = source.mode === kind?.mode && source.bit_depth === header.bitDepth;
  demand(isOfHeader && modes.includes(kind.mode), "Another mode or bit depth than the header's, or one that the format lacks");
  demand(source.rebuild?.as === as, "One format that comes back as another");
}

function isDecoded(format: JsonValue): format is DecodedFormat {
  return typeof format === "string" && Object.hasOwn(RETURNS, format);
}

function isMediaType(value: JsonValue): value is string {
  return typeof value === "string" && value.length <= LONGEST_MEDIA_TYPE && MEDIA_TYPE.test(value);
}

function readJson(plain: Bytes): JsonValue {
  try {
    return loads(plain);
  } catch (error) {
    if (error instanceof NotCanonical) throw new PayloadInvalid("The metadata are not what a writer writes");
    throw error;
  }
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new PayloadInvalid(why);
}
