/** Writing of a key file (docs/reference/format.md, "Key file"). */

import { type Bytes, toBase64 } from "./bytes.ts";
import { dumps, dumpsIndented, type JsonObject } from "./canonical.ts";
import { KEY_FILE_FORMAT, KEY_FILE_VERSION } from "./keyfile.ts";
import { hmacSha256 } from "./primitives.ts";
import type { Keys } from "./schedule.ts";
import { checkStanzas } from "./stanzas.ts";
import { keyIdText } from "./statement.ts";
import type { Wrap } from "./wraps.ts";

export interface KeyFileParts {
  readonly fileKey: Bytes;
  readonly keys: Keys;
  readonly keyId: Bytes;
  readonly nonce: Bytes;
  readonly statementSha256: string;
  /** 1 to 20 ways to open it. */
  readonly wraps: readonly Wrap[];
  readonly created: Date;
}

/** Writes the key file of an image of the purity `balanced`; throws KeyFileInvalid where stanzas exclude each other. */
export async function writeKeyFile(parts: KeyFileParts): Promise<Bytes> {
  const stanzas = [];
  for (const wrap of parts.wraps) stanzas.push(await wrap(parts.fileKey, parts.keyId));
  checkStanzas(stanzas);
  const fields: JsonObject = {
    format: KEY_FILE_FORMAT,
    version: KEY_FILE_VERSION,
    key_id: keyIdText(parts.keyId),
    created: parts.created.toISOString().replace(/\.[0-9]{3}Z$/, "Z"),
    purity: "balanced",
    nonce_b64: toBase64(parts.nonce),
    commitment_b64: toBase64(parts.keys.commitment),
    stanzas,
    statement_sha256: parts.statementSha256,
  };
  const mac = await hmacSha256(parts.keys.keyFile, dumps(fields));
  return dumpsIndented({ ...fields, mac_b64: toBase64(mac) });
}
