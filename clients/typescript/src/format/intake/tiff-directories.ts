/** Directories of a TIFF and their fields (TIFF 6.0, section 2; BigTIFF). */

import { ImageCorrupt } from "../failures.ts";
import { MAX_CHUNKS } from "../limits.ts";
import { sizeOfType } from "../rebuild/tiff-tags.ts";
import { Window } from "./window.ts";

interface Entry {
  readonly type: number;
  readonly count: number;
  readonly place: number;
}

export interface Page {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly following: number;
}

export class TiffReader {
  readonly isBig: boolean;
  readonly isLittle: boolean;
  readonly #file: Window;
  /** All directories together have at most as many entries: each of a hostile file may name every other. */
  #left = MAX_CHUNKS;

  constructor(data: Uint8Array) {
    this.isLittle = data[0] === 0x49;
    this.#file = new Window(data, "The TIFF", this.isLittle);
    this.isBig = this.#file.u16(2) === 43;
  }

  /** The offset of the first directory. */
  get first(): number {
    return this.#offset(this.isBig ? 8 : 4);
  }

  page(offset: number): Page {
    const count = this.isBig ? this.#file.u64(offset) : this.#file.u16(offset);
    this.#left -= count;
    if (this.#left < 0) throw new ImageCorrupt(`The TIFF has more than ${MAX_CHUNKS} entries`);
    const start = offset + (this.isBig ? 8 : 2);
    const step = this.isBig ? 20 : 12;
    const entries = new Map<number, Entry>();
    for (let at = start; at < start + count * step; at += step) this.#entry(at, entries);
    return { entries, following: this.#offset(start + count * step) };
  }

  /** The first whole numbers of a field, none where it is not there. */
  numbers({ entries }: Page, tag: number, most = 16): number[] {
    const entry = entries.get(tag);
    if (entry === undefined) return [];
    const read = this.#readerOf(entry.type);
    const size = sizeOfType(entry.type);
    return Array.from({ length: Math.min(most, entry.count) }, (_, i) => read(entry.place + i * size));
  }

  number(page: Page, tag: number, otherwise: number): number {
    return this.numbers(page, tag, 1)[0] ?? otherwise;
  }

  text({ entries }: Page, tag: number, most: number): string {
    const entry = entries.get(tag);
    return entry === undefined ? "" : this.#file.text(entry.place, Math.min(most, entry.count * sizeOfType(entry.type)));
  }

  #entry(at: number, entries: Map<number, Entry>): void {
    const [tag, type] = [this.#file.u16(at), this.#file.u16(at + 2)];
    const count = this.isBig ? this.#file.u64(at + 4) : this.#file.u32(at + 4);
    const length = count * sizeOfType(type);
    if (length === 0 || entries.has(tag)) return;
    const field = at + (this.isBig ? 12 : 8);
    const place = length > (this.isBig ? 8 : 4) ? this.#offset(field) : field;
    this.#file.slice(place, length);
    entries.set(tag, { type, count, place });
  }

  #offset(at: number): number {
    return this.isBig ? this.#file.u64(at) : this.#file.u32(at);
  }

  #readerOf(type: number): (at: number) => number {
    if (type === 1) return (at) => this.#file.u8(at);
    if (type === 3) return (at) => this.#file.u16(at);
    if (type === 4 || type === 13) return (at) => this.#file.u32(at);
    if (type === 16 || type === 18) return (at) => this.#file.u64(at);
    throw new ImageCorrupt("The TIFF has text where a number belongs");
  }
}
