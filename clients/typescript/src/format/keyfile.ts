/** The key file, without which an encrypted image cannot be decrypted (docs/reference/format.md, "Key file"). */

import { type Bytes, equal, fromHex } from "./bytes.ts";
import { bytesOf, dumps, hasKeys, isDigest, isObject, type JsonObject, type JsonValue, loadsIndented, NotCanonical } from "./canonical.ts";
import { CommitmentMismatch, KeyFileInvalid, MacMismatch } from "./failures.ts";
import { PURITIES, type Purity } from "./header.ts";
import { MAX_KEY_FILE_BYTES } from "./limits.ts";
import { hmacSha256 } from "./primitives.ts";
import { deriveKeys, type Keys, NONCE_SIZE } from "./schedule.ts";
import { checkStanzas, type Stanza } from "./stanzas.ts";

/** Well formed, but not opened yet. */
export interface KeyFile {
  readonly keyId: Bytes;
  readonly created: string;
  readonly purity: Purity;
  readonly nonce: Bytes;
  readonly commitment: Bytes;
  readonly stanzas: readonly Stanza[];
  readonly statementSha256: string;
  /** Of `multistage`, else null. */
  readonly material: Bytes | null;
  readonly mac: Bytes;
  /** What the MAC covers. */
  readonly authenticated: Bytes;
}

export const KEY_FILE_FORMAT = "imageshield-key-file";
export const KEY_FILE_VERSION = 1;
const KEYS = [
  ...["format", "version", "key_id", "created", "purity", "nonce_b64", "commitment_b64", "stanzas"],
  ...["statement_sha256", "mac_b64"],
];
const MIN_MATERIAL = 69;
const MAX_MATERIAL = 4096;
const KEY_ID = /^key_[0-9a-f]{32}$/;
const MOMENT = /^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** Step 4: reads a key file strictly. Nothing is derived, and no cost over its cap is accepted. */
export function parseKeyFile(data: Bytes): KeyFile {
  if (data.length > MAX_KEY_FILE_BYTES) throw new KeyFileInvalid("A key file has at most 1 MiB");
  const value = checkShape(readJson(data));
  const material = value.purity === "multistage" ? bytesOf(value.material_b64, MIN_MATERIAL, MAX_MATERIAL) : null;
  demand(value.purity !== "multistage" || material !== null, "The material has no length that segment seeds have");
  const { mac_b64: mac, ...rest } = value;
  return {
    keyId: readKeyId(value.key_id),
    created: readMoment(value.created),
    purity: readPurity(value.purity),
    nonce: sized(value.nonce_b64, NONCE_SIZE),
    commitment: sized(value.commitment_b64, 32),
    stanzas: checkStanzas(value.stanzas),
    statementSha256: readDigest(value.statement_sha256),
    material,
    mac: sized(mac, 32),
    authenticated: dumps(rest),
  };
}

/** Steps 7 and 8: the keys of the image, if the file key belongs to this key file and the key file was not changed. */
export async function verifyKeyFile(keyFile: KeyFile, fileKey: Bytes): Promise<Keys> {
  const keys = deriveKeys(fileKey, keyFile.nonce);
  if (!equal(keys.commitment, keyFile.commitment)) {
    throw new CommitmentMismatch("The file key is not the one that the key file was made for");
  }
  if (!equal(await hmacSha256(keys.keyFile, keyFile.authenticated), keyFile.mac)) {
    throw new MacMismatch("The key file was changed");
  }
  return keys;
}

function readJson(data: Bytes): JsonValue {
  try {
    return loadsIndented(data);
  } catch (error) {
    if (error instanceof NotCanonical) throw new KeyFileInvalid("The key file was changed since it was written, or is no key file");
    throw error;
  }
}

function checkShape(value: JsonValue): JsonObject {
  const isOurs = isObject(value) && value.format === KEY_FILE_FORMAT;
  demand(isOurs, `Not a key file: it is no JSON object of the format ${KEY_FILE_FORMAT}`);
  const { version } = value;
  demand(typeof version === "number" && version > 0, "Not a key file of version 1");
  demand(version === KEY_FILE_VERSION, `This key file was made by a later version of the format (${version})`);
  const keys = value.purity === "multistage" ? [...KEYS, "material_b64"] : KEYS;
  demand(hasKeys(value, ...keys), "The key file has a missing or additional field");
  return value;
}

function readKeyId(value: JsonValue): Bytes {
  demand(typeof value === "string" && KEY_ID.test(value), "The key file has a malformed id");
  return fromHex(value.slice(4)) ?? new Uint8Array();
}

function readMoment(value: JsonValue): string {
  demand(typeof value === "string" && MOMENT.test(value), "The key file has a malformed time");
  const moment = new Date(value);
  // A date that does not exist is NaN, or another one.
  demand(!Number.isNaN(moment.getTime()) && moment.toISOString() === value.replace("Z", ".000Z"), "A time that does not exist");
  return value;
}

function readPurity(value: JsonValue): Purity {
  const purity = PURITIES.find((name) => name === value);
  demand(purity !== undefined, "An unknown purity");
  return purity;
}

function readDigest(value: JsonValue): string {
  demand(isDigest(value), "The key file has a malformed digest");
  return value;
}

function sized(value: JsonValue, size: number): Bytes {
  const data = bytesOf(value, size, size);
  demand(data !== null, "The key file has a value of the wrong length");
  return data;
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new KeyFileInvalid(why);
}
