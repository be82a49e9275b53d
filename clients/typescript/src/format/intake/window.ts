/** Numbers at any place of a file; reading past its end says that the file is cut off. */

import { ImageCorrupt } from "../failures.ts";

export class Window {
  readonly data: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  readonly #isLittle: boolean;

  /** @param name what the file is, with its article, for the error */
  constructor(data: Uint8Array, name: string, isLittle = false) {
    this.data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.length);
    this.#name = name;
    this.#isLittle = isLittle;
  }

  get length(): number {
    return this.data.length;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#demand(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#demand(at, 2), this.#isLittle);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#demand(at, 4), this.#isLittle);
  }

  i32(at: number): number {
    return this.#view.getInt32(this.#demand(at, 4), this.#isLittle);
  }

  /** Beyond 2^53 it is rounded, and still too large for every file. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(this.#demand(at, 8), this.#isLittle));
  }

  slice(at: number, length: number): Uint8Array {
    this.#demand(at, length);
    return this.data.subarray(at, at + length);
  }

  /** Characters from 0 to 255, one for each byte. */
  text(at: number, length: number): string {
    return String.fromCharCode(...this.slice(at, length));
  }

  #demand(at: number, length: number): number {
    if (at + length > this.data.length) throw new ImageCorrupt(`${this.#name} is cut off`);
    return at;
  }
}
