/** Bytes that are the same in every run: ChaCha20 under a key of the test's name. */

import { chacha20 } from "@noble/ciphers/chacha.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, utf8 } from "../../src/format/bytes.ts";

export class Random {
  readonly #key: Uint8Array;
  #count = 0;

  constructor(name: string) {
    this.#key = sha256(utf8(name));
  }

  bytes(size: number): Bytes {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(0, this.#count++);
    return new Uint8Array(chacha20(this.#key, nonce, new Uint8Array(size)));
  }

  /** A number from 0 to below the bound, at most 2^32; even enough for a test. */
  below(bound: number): number {
    return new DataView(this.bytes(4).buffer).getUint32(0) % bound;
  }
}
