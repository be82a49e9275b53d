/**
 * Recipients: file keys encrypted for a public key (docs/reference/format.md, "Stanzas"). HPKE (RFC 9180) in base mode, its
 * KEM X-Wing: X25519 and ML-KEM-768. The keys are those of age's post-quantum recipients, whose text forms are read too.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { decodeBech32, encodeBech32 } from "./bech32.ts";
import { type Bytes, concat, equal, fromBase64Url, toBase64, toBase64Url } from "./bytes.ts";
import { bytesOf, type JsonObject } from "./canonical.ts";
import { RecipientUnfit } from "./failures.ts";
import { openHpke, sealHpke } from "./hpke.ts";
import { LABELS } from "./schedule.ts";

const PUBLIC = { prefix: "imageshield-public-1:", age: "age1pq", size: 1216 } as const;
const SECRET = { prefix: "imageshield-secret-1:", age: "age-secret-key-pq-", size: 32 } as const;
const CHECK = 4;
const HINT = 8;
const ENCAPSULATION = 1120;
const X25519 = 32;

type Kind = typeof PUBLIC | typeof SECRET;

/** A public key that file keys are encrypted for: ML-KEM-768 encapsulation key ‖ X25519 public key. */
export class PublicKey {
  readonly #data: Bytes;

  /** Refuses an encapsulation key that fails the check of FIPS 203, section 7.2, and an X25519 point of low order. */
  constructor(data: Bytes) {
    if (!isUsable(data)) throw new RecipientUnfit("This public key is of no use: no secret key belongs to it");
    this.#data = data;
  }

  /** Reads `imageshield-public-1:…` or `age1pq1…`. */
  static parse(text: string): PublicKey {
    if (isOf(SECRET, text)) {
      throw new RecipientUnfit("This is a secret key, to be kept by its owner; its public key belongs here");
    }
    return new PublicKey(decode(PUBLIC, text));
  }

  get text(): string {
    return encode(PUBLIC, this.#data);
  }

  get ageText(): string {
    return encodeBech32(PUBLIC.age, this.#data);
  }

  /** 8 bytes that name the stanzas of this key. */
  get hint(): Bytes {
    return sha256(this.#data).slice(0, HINT);
  }

  /** The stanza `recipient`, under a new encapsulation. */
  async wrap(fileKey: Bytes, keyId: Bytes): Promise<JsonObject> {
    const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(this.#data);
    const sealed = await sealHpke(sharedSecret, concat(LABELS.recipient, keyId), fileKey);
    return { type: "recipient", body_b64: toBase64(concat(cipherText, sealed)), hint_b64: toBase64(this.hint) };
  }
}

/** The secret key of a recipient, which opens every stanza that was made for its public key. */
export class SecretKey {
  readonly #seed: Bytes;
  readonly publicKey: PublicKey;

  constructor(seed: Bytes) {
    if (seed.length !== SECRET.size) throw new RecipientUnfit("A secret key has 32 bytes");
    this.#seed = seed;
    this.publicKey = new PublicKey(new Uint8Array(ml_kem768_x25519.getPublicKey(seed)));
  }

  /** Reads `imageshield-secret-1:…` or `AGE-SECRET-KEY-PQ-1…`. */
  static parse(text: string): SecretKey {
    if (isOf(PUBLIC, text)) throw new RecipientUnfit("This is a public key, which opens nothing; its secret key belongs here");
    return new SecretKey(decode(SECRET, text));
  }

  get text(): string {
    return encode(SECRET, this.#seed);
  }

  get ageText(): string {
    return encodeBech32(SECRET.age, this.#seed).toUpperCase();
  }

  /** The file key of a stanza `recipient`, or null if it is for another recipient or another key file. */
  async open(stanza: JsonObject, keyId: Bytes): Promise<Bytes | null> {
    const hint = bytesOf(stanza.hint_b64);
    const body = bytesOf(stanza.body_b64);
    if (hint === null || body === null || !equal(hint, this.publicKey.hint)) return null;
    const shared = this.#decapsulate(body.subarray(0, ENCAPSULATION));
    return shared && openHpke(shared, concat(LABELS.recipient, keyId), body.subarray(ENCAPSULATION));
  }

  #decapsulate(encapsulation: Bytes): Uint8Array | null {
    try {
      return ml_kem768_x25519.decapsulate(encapsulation, this.#seed);
    } catch {
      return null; // an X25519 share of low order
    }
  }
}

function isUsable(data: Bytes): boolean {
  if (data.length !== PUBLIC.size) return false;
  try {
    // With any secret: a point of low order gives zero with all of them, as X25519 clears the cofactor.
    x25519.getSharedSecret(new Uint8Array(X25519).fill(1), data.subarray(-X25519));
    ml_kem768_x25519.encapsulate(data);
    return true;
  } catch {
    return false;
  }
}

function isOf({ prefix, age }: Kind, text: string): boolean {
  return text.startsWith(prefix) || text.toLowerCase().startsWith(`${age}1`);
}

function encode({ prefix }: Kind, data: Bytes): string {
  return prefix + toBase64Url(concat(data, checkOf(data)));
}

function decode(kind: Kind, text: string): Bytes {
  if (!isOf(kind, text)) {
    throw new RecipientUnfit(`Such a key begins with ${kind.prefix} or ${kind.age}1`);
  }
  const data = text.startsWith(kind.prefix)
    ? checked(fromBase64Url(text.slice(kind.prefix.length)), kind.size)
    : decodeBech32(kind.age, text);
  if (data?.length !== kind.size) throw new RecipientUnfit("The key is mistyped or cut off, or something follows it");
  return data;
}

function checked(data: Bytes | null, size: number): Bytes | null {
  if (data?.length !== size + CHECK) return null;
  const key = data.slice(0, size);
  return equal(checkOf(key), data.subarray(size)) ? key : null;
}

function checkOf(data: Bytes): Bytes {
  return sha256(data).slice(0, CHECK);
}
