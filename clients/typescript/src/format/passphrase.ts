/** Wrap keys from passphrases, with costs that are capped before anything is derived (docs/reference/format.md, "Stanzas"). */

import { argon2idAsync } from "@noble/hashes/argon2.js";
import { type Bytes, concat, utf8 } from "./bytes.ts";
import { bytesOf, dumps, hasKeys, isInteger, isObject, type JsonObject, type JsonValue } from "./canonical.ts";
import { KeyFileTooCostly, PassphraseUnfit } from "./failures.ts";
import { MAX_PASSPHRASE, MIN_PASSPHRASE } from "./limits.ts";
import { GCM_NONCE, GcmKey, subtle } from "./primitives.ts";
import { LABELS } from "./schedule.ts";

export const SALT_SIZE = 16;
const WRAP_KEY = 32;
const MAX_COST_KIB = 4_194_304; // m·t

interface Argon2 extends JsonObject {
  name: "argon2id";
  m_kib: number;
  p: number;
  salt_b64: string;
  t: number;
}

interface Pbkdf2 extends JsonObject {
  iterations: number;
  name: "pbkdf2-hmac-sha256";
  salt_b64: string;
}

export type Kdf = Argon2 | Pbkdf2;

/** Default parameters with a new salt; every wrap needs its own. */
export function newKdf(): Kdf {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_SIZE));
  return { name: "argon2id", m_kib: 65_536, p: 4, salt_b64: btoa(String.fromCharCode(...salt)), t: 3 };
}

/** Whether the parameters are those of a reader, and none is over its cap. */
export function isKdf(value: JsonValue): value is Kdf {
  if (!isObject(value) || bytesOf(value.salt_b64, SALT_SIZE, SALT_SIZE) === null) return false;
  if (value.name === "argon2id") return hasKeys(value, "name", "m_kib", "p", "salt_b64", "t") && isAffordable(value);
  return (
    value.name === "pbkdf2-hmac-sha256" &&
    hasKeys(value, "iterations", "name", "salt_b64") &&
    isInteger(value.iterations, 600_000, 10_000_000)
  );
}

/** The wrap key of a passphrase of at most 1024 bytes; throws PassphraseUnfit for any other. */
export async function deriveWrapKey(passphrase: string, kdf: Kdf): Promise<Bytes> {
  const password = encode(passphrase);
  const salt = bytesOf(kdf.salt_b64) ?? new Uint8Array();
  return kdf.name === "argon2id" ? deriveArgon2(password, salt, kdf) : derivePbkdf2(password, salt, kdf.iterations);
}

/** The file key of a stanza `passphrase`, or null if the passphrase is another. */
export async function openPassphrase(stanza: JsonObject, keyId: Bytes, passphrase: string): Promise<Bytes | null> {
  const kdf = stanza.kdf as Kdf;
  const body = bytesOf(stanza.body_b64);
  if (passphrase === "") return null; // Firefox derives nothing from it
  try {
    const key = await GcmKey.of(await deriveWrapKey(passphrase, kdf));
    return body && (await key.decrypt(new Uint8Array(GCM_NONCE), body, aadOf(kdf, keyId)));
  } catch (error) {
    if (error instanceof PassphraseUnfit) return null;
    throw error;
  }
}

/** What authenticates a stanza `passphrase` beside its body. */
export function aadOf(kdf: Kdf, keyId: Bytes): Bytes {
  return concat(LABELS.passphrase, keyId, dumps(kdf));
}

/** Refuses a passphrase that must not be used for encryption. */
export function checkNewPassphrase(passphrase: string): void {
  if (encode(passphrase).length < MIN_PASSPHRASE) throw new PassphraseUnfit("A passphrase has at least 12 bytes");
  if (/\p{Cc}/u.test(passphrase)) {
    throw new PassphraseUnfit("A passphrase has no control characters, such as tabs and line ends");
  }
}

function encode(passphrase: string): Bytes {
  if (/\p{Surrogate}/u.test(passphrase)) throw new PassphraseUnfit("A passphrase is made of Unicode characters");
  // No character is composed of more than four: a longer text cannot shrink to 1024 bytes, so it is not normalized.
  const password = passphrase.length > 4 * MAX_PASSPHRASE ? null : utf8(passphrase.normalize("NFC"));
  if (password === null || password.length > MAX_PASSPHRASE) {
    throw new PassphraseUnfit("A passphrase has at most 1024 bytes");
  }
  return password;
}

function isAffordable({ m_kib: memory, p, t }: JsonObject): boolean {
  const isWithin = isInteger(memory, 19_456, 1_048_576) && isInteger(t, 1, 10) && isInteger(p, 1, 16);
  return isWithin && memory * t <= MAX_COST_KIB;
}

async function deriveArgon2(password: Bytes, salt: Bytes, { m_kib: m, p, t }: Argon2): Promise<Bytes> {
  try {
    return new Uint8Array(await argon2idAsync(password, salt, { m, p, t, dkLen: WRAP_KEY, asyncTick: 40, maxmem: 2 ** 31 }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new KeyFileTooCostly(`The password needs ${Math.ceil(m / 1024)} MiB of memory, which this device does not give`);
  }
}

async function derivePbkdf2(password: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  const key = await subtle().importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await subtle().deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 8 * WRAP_KEY));
}
