/** A secret in AES-256-GCM chunks of 64 KiB, decrypted a chunk at a time (docs/reference/format.md, "Material"). */

import { type Bytes, concat, startsWith, u32 } from "./bytes.ts";
import { MacMismatch } from "./failures.ts";
import { GCM_TAG, GcmKey } from "./primitives.ts";

const CHUNK = 65_536;
const FRAME = CHUNK + GCM_TAG;

export class SealedReader {
  /** Bytes of the secret. */
  readonly size: number;
  readonly #key: GcmKey;
  readonly #head: Bytes;
  readonly #body: Bytes;
  readonly #count: number;
  #open = -1;
  #plain: Bytes = new Uint8Array();

  private constructor(sealed: Bytes, key: GcmKey, head: Bytes) {
    this.#key = key;
    this.#head = head;
    this.#body = sealed.subarray(head.length);
    this.#count = Math.max(1, Math.ceil(this.#body.length / FRAME));
    this.size = this.#body.length - this.#count * GCM_TAG;
    const isCounted = Math.max(1, Math.ceil(this.size / CHUNK)) === this.#count; // only a lone chunk may be empty
    if (!startsWith(sealed, head) || this.size < 0 || !isCounted) throw new MacMismatch("Not what was sealed, or cut short");
  }

  static async of(sealed: Bytes, key: Bytes, head: Bytes): Promise<SealedReader> {
    return new SealedReader(sealed, await GcmKey.of(key), head);
  }

  /** A part of the secret. Only a reader that reads all of it has checked that it is sound. */
  async read(at: number, size: number): Promise<Bytes> {
    const part = new Uint8Array(size);
    await this.xor(at, part);
    return part;
  }

  /** XORs `target`, in place, with the secret from `at` on. */
  async xor(at: number, target: Bytes): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const place = at + done;
      const plain = await this.#chunk(Math.floor(place / CHUNK));
      const size = Math.min(target.length - done, plain.length - (place % CHUNK));
      xor(target, done, plain, place % CHUNK, size);
      done += size;
    }
  }

  async #chunk(index: number): Promise<Bytes> {
    if (index !== this.#open) {
      const nonce = concat(new Uint8Array(7), u32(index), Uint8Array.of(index === this.#count - 1 ? 1 : 0));
      const plain = await this.#key.decrypt(nonce, this.#body.subarray(index * FRAME, (index + 1) * FRAME), this.#head);
      if (plain === null) throw new MacMismatch("A chunk was changed, or sealed under another key");
      this.#plain = plain;
      this.#open = index;
    }
    return this.#plain;
  }
}

function xor(target: Bytes, at: number, source: Bytes, from: number, size: number): void {
  for (let i = 0; i < size; i++) target[at + i] ^= source[from + i];
}
