/** Cryptographic primitives, by WebCrypto if it is faster, else by @noble. */

import { chacha20 } from "@noble/ciphers/chacha.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import type { Bytes } from "./bytes.ts";
import { InsecureContext } from "./failures.ts";

export const GCM_NONCE = 12;
export const GCM_TAG = 16;
const BLOCK = 64;

/** WebCrypto, which browsers only give to pages over HTTPS, on localhost, or from a file. */
export function subtle(): SubtleCrypto {
  const found = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (found === undefined) {
    throw new InsecureContext("This page has no access to cryptography: open it over HTTPS or on localhost");
  }
  return found;
}

export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-256", data));
}

export async function hmacSha256(key: Bytes, message: Bytes): Promise<Bytes> {
  const imported = await subtle().importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle().sign("HMAC", imported, message));
}

/** HKDF-Extract-SHA-512 (RFC 5869); no salt is a salt of 64 zero bytes. */
export function hkdfExtract(ikm: Uint8Array, salt?: Uint8Array): Bytes {
  return extract(sha512, ikm, salt);
}

/** HKDF-Expand-SHA-512 (RFC 5869). */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Bytes {
  return expand(sha512, prk, info, length);
}

/** A key of AES-256-GCM (SP 800-38D); results are ciphertext ‖ 16-byte tag. */
export class GcmKey {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  static async of(key: Bytes): Promise<GcmKey> {
    return new GcmKey(await subtle().importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  async encrypt(nonce: Bytes, plaintext: Bytes, aad: Bytes = new Uint8Array()): Promise<Bytes> {
    return new Uint8Array(await subtle().encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, this.#key, plaintext));
  }

  /** The plaintext, or null if the tag does not fit. */
  async decrypt(nonce: Bytes, sealed: Bytes, aad: Bytes = new Uint8Array()): Promise<Bytes | null> {
    if (sealed.length < GCM_TAG) return null;
    try {
      const parameters = { name: "AES-GCM", iv: nonce, additionalData: aad };
      return new Uint8Array(await subtle().decrypt(parameters, this.#key, sealed));
    } catch (error) {
      if (error instanceof DOMException && error.name === "OperationError") return null;
      throw error;
    }
  }
}

/** XORs data, in place, with ChaCha20 (RFC 8439, section 2.4); `start`, a multiple of 64, is their place in the stream. */
export function xorStream(key: Bytes, nonce: Bytes, data: Bytes, start = 0): void {
  chacha20(key, nonce, data, data, start / BLOCK);
}
