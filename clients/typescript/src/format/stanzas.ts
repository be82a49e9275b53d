/** Stanzas: one file key, wrapped in different ways (docs/reference/format.md, "Stanzas"). */

import type { Bytes } from "./bytes.ts";
import { bytesOf, hasKeys, isInteger, isObject, type JsonObject, type JsonValue } from "./canonical.ts";
import { KeyFileInvalid, NoMatch } from "./failures.ts";
import { MAX_STANZAS } from "./limits.ts";
import { isKdf, openPassphrase } from "./passphrase.ts";
import type { SecretKey } from "./recipients.ts";
import { FILE_KEY_SIZE } from "./schedule.ts";

/** A checked stanza: the object of a known type. */
export type Stanza = JsonObject & { readonly type: "passphrase" | "vault" | "plain" | "recipient" };

/** What a reader has to open a key file with; a stanza `plain` opens without any of it. */
export interface Secrets {
  readonly passphrase?: string | undefined;
  readonly secretKeys?: readonly SecretKey[] | undefined;
}

const BODY = FILE_KEY_SIZE + 16;
const RECIPIENT_BODY = 1120 + BODY;
const HINT = 8;
const KEK_ID = /^[A-Za-z0-9_.-]{1,64}$/;

const CHECKS: Readonly<Record<Stanza["type"], (stanza: JsonObject) => boolean>> = {
  passphrase: (stanza) => hasKeys(stanza, "type", "kdf", "body_b64") && isSized(stanza.body_b64, BODY) && isKdf(stanza.kdf),
  vault: isVault,
  plain: (stanza) => hasKeys(stanza, "type", "file_key_b64") && isSized(stanza.file_key_b64, FILE_KEY_SIZE),
  recipient: (stanza) =>
    hasKeys(stanza, "type", "body_b64", "hint_b64") && isSized(stanza.body_b64, RECIPIENT_BODY) && isSized(stanza.hint_b64, HINT),
};

/** Refuses stanzas that are not valid in this version, before any of them is tried. */
export function checkStanzas(value: JsonValue): readonly Stanza[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_STANZAS) {
    throw new KeyFileInvalid("A key file has 1 to 20 stanzas");
  }
  const stanzas = value.map(checkStanza);
  const types = stanzas.map(({ type }) => type);
  const single = types.filter((type) => type !== "recipient");
  if (new Set(single).size !== single.length) throw new KeyFileInvalid("A stanza type occurs twice");
  refuseBeside(types, "passphrase", ["plain", "vault"]);
  refuseBeside(types, "recipient", ["plain"]);
  return stanzas;
}

/** Step 6: the file key, from the first stanza that opens. */
export async function openStanzas(stanzas: readonly Stanza[], keyId: Bytes, secrets: Secrets): Promise<Bytes> {
  for (const stanza of stanzas) {
    const fileKey = await open(stanza, keyId, secrets);
    if (fileKey !== null) return fileKey;
  }
  throw new NoMatch("No stanza of the key file opens with what was given");
}

async function open(stanza: Stanza, keyId: Bytes, { passphrase, secretKeys = [] }: Secrets): Promise<Bytes | null> {
  if (stanza.type === "plain") return bytesOf(stanza.file_key_b64);
  if (stanza.type === "passphrase" && passphrase !== undefined) return openPassphrase(stanza, keyId, passphrase);
  if (stanza.type !== "recipient") return null;
  for (const secretKey of secretKeys) {
    const fileKey = await secretKey.open(stanza, keyId);
    if (fileKey !== null) return fileKey;
  }
  return null;
}

function checkStanza(value: JsonValue): Stanza {
  if (!isObject(value) || typeof value.type !== "string") throw new KeyFileInvalid("A stanza is an object with a type");
  if (!isStanza(value)) throw new KeyFileInvalid("A stanza of an unknown type, with other keys, or with a value that none has");
  return value;
}

function isStanza(value: JsonObject): value is Stanza {
  const { type } = value;
  return typeof type === "string" && Object.hasOwn(CHECKS, type) && CHECKS[type as Stanza["type"]](value);
}

function isVault(stanza: JsonObject): boolean {
  return (
    hasKeys(stanza, "type", "body_b64", "kek_id", "kek_version", "nonce_b64") &&
    isSized(stanza.body_b64, BODY) &&
    isSized(stanza.nonce_b64, 12) &&
    typeof stanza.kek_id === "string" &&
    KEK_ID.test(stanza.kek_id) &&
    isInteger(stanza.kek_version, 1, 2 ** 32 - 1)
  );
}

function refuseBeside(types: readonly string[], strong: string, weak: readonly string[]): void {
  if (types.includes(strong) && weak.some((type) => types.includes(type))) {
    throw new KeyFileInvalid(`A stanza ${strong} protects nothing beside one of the type ${weak.join(" or ")}`);
  }
}

function isSized(value: JsonValue, size: number): boolean {
  return bytesOf(value, size, size) !== null;
}
