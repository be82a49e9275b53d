/** HPKE (RFC 9180), base mode, one message: X-Wing, HKDF-SHA-256, AES-256-GCM. The caller has the KEM's shared secret. */

import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, u16, utf8 } from "./bytes.ts";
import { GCM_NONCE, GcmKey } from "./primitives.ts";

const SUITE = concat(utf8("HPKE"), u16(0x647a), u16(0x0001), u16(0x0002));
const VERSION = utf8("HPKE-v1");
const BASE_MODE = Uint8Array.of(0);
const KEY = 32;
const NONE = new Uint8Array();

export async function sealHpke(shared: Uint8Array, info: Bytes, plaintext: Bytes): Promise<Bytes> {
  const { key, nonce } = await schedule(shared, info);
  return key.encrypt(nonce, plaintext);
}

/** The plaintext, or null if the tag does not fit. */
export async function openHpke(shared: Uint8Array, info: Bytes, sealed: Bytes): Promise<Bytes | null> {
  const { key, nonce } = await schedule(shared, info);
  return key.decrypt(nonce, sealed);
}

/** Key and nonce of the first message (RFC 9180, section 5.1). */
async function schedule(shared: Uint8Array, info: Bytes): Promise<{ key: GcmKey; nonce: Bytes }> {
  const context = concat(BASE_MODE, labeledExtract(NONE, "psk_id_hash", NONE), labeledExtract(NONE, "info_hash", info));
  const secret = labeledExtract(shared, "secret", NONE);
  return {
    key: await GcmKey.of(labeledExpand(secret, "key", context, KEY)),
    nonce: labeledExpand(secret, "base_nonce", context, GCM_NONCE),
  };
}

function labeledExtract(salt: Uint8Array, label: string, ikm: Uint8Array): Bytes {
  return extract(sha256, concat(VERSION, SUITE, utf8(label), ikm), salt);
}

function labeledExpand(prk: Uint8Array, label: string, info: Uint8Array, length: number): Bytes {
  return expand(sha256, prk, concat(u16(length), VERSION, SUITE, utf8(label), info), length);
}
