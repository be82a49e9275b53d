/**
 * zlib streams of a known length (RFC 1950, RFC 1951). DecompressionStream cannot be used: whether it accepts bytes behind
 * the end of a stream depends on the browser, and it does not tell where the stream ended.
 */

import type { Bytes } from "../bytes.ts";
import { adler32 } from "../checksums.ts";
import { ImageCorrupt } from "../failures.ts";
import type { Pace } from "../pace.ts";
import { buildCode, type Code, FAST_BITS, fixedCodes, MAX_BITS } from "./huffman.ts";

const END = 256;
const CHECKSUM = 4;
const LENGTH_BASE = Uint16Array.of(3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258);
const LENGTH_EXTRA = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0);
const DISTANCE_BASE = Uint16Array.of(1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577);
const DISTANCE_EXTRA = Uint8Array.of(0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13);
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED = fixedCodes();

/** Inflates exactly `size` bytes; the stream must end there, what follows it is ignored. */
export async function inflate(stream: Bytes, size: number, pace: Pace): Promise<Bytes> {
  return (await inflateFront(stream, size, pace)).data;
}

/** The same, and where the stream ended: whether bytes follow it. */
export async function inflateFront(stream: Bytes, size: number, pace: Pace): Promise<{ data: Bytes; hasTrailingData: boolean }> {
  const state = new Inflation(stream, size);
  let reported = 0;
  while (state.block()) {
    await pace.advance(state.position - reported);
    reported = state.position;
  }
  const data = state.finish();
  return { data, hasTrailingData: state.end < stream.length };
}

class Inflation {
  readonly #in: Bytes;
  readonly #out: Bytes;
  #at = 0;
  #filled = 0;
  /** Bits read from the input and not used yet, lowest first. */
  #bits = 0;
  #count = 0;

  constructor(stream: Bytes, size: number) {
    this.#in = stream;
    this.#out = new Uint8Array(size);
    const [method = 0, flags = 0] = stream;
    const isZlib = (method & 15) === 8 && method >>> 4 <= 7 && (method * 256 + flags) % 31 === 0 && (flags & 32) === 0;
    if (!isZlib) damaged();
    this.#at = 2;
  }

  get position(): number {
    return Math.min(this.#at, this.#in.length);
  }

  /** Behind the checksum, once the last block is inflated. */
  get end(): number {
    return this.#at - (this.#count >>> 3) + CHECKSUM;
  }

  /** Inflates a block; returns whether another follows. */
  block(): boolean {
    const isLast = this.#take(1) === 1;
    const kind = this.#take(2);
    if (kind === 0) this.#stored();
    else if (kind === 1) this.#coded(...FIXED);
    else if (kind === 2) this.#coded(...this.#readCodes());
    else damaged();
    if (this.#at - (this.#count >>> 3) > this.#in.length) damaged();
    return !isLast;
  }

  finish(): Bytes {
    if (this.#filled < this.#out.length) throw new ImageCorrupt("the image data of the PNG are shorter than the picture");
    const { end } = this;
    const checksum = this.#in.subarray(end - CHECKSUM, end).reduce((value, byte) => value * 256 + byte, 0);
    if (end > this.#in.length || checksum !== adler32(this.#out)) damaged();
    return this.#out;
  }

  #take(bits: number): number {
    while (this.#count < bits) {
      this.#bits |= this.#in[this.#at++] << this.#count; // zeros behind the end: `block` refuses them
      this.#count += 8;
    }
    const value = this.#bits & ((1 << bits) - 1);
    this.#bits >>>= bits;
    this.#count -= bits;
    return value;
  }

  #stored(): void {
    this.#at -= this.#count >>> 3;
    this.#bits = this.#count = 0;
    const [size, complement] = [this.#take(16), this.#take(16)];
    if (size !== (complement ^ 0xffff) || this.#at + size > this.#in.length) damaged();
    if (size > this.#out.length - this.#filled) tooLong();
    this.#out.set(this.#in.subarray(this.#at, this.#at + size), this.#filled);
    this.#at += size;
    this.#filled += size;
  }

  #readCodes(): readonly [literals: Code, distances: Code] {
    const [literals, distances, lengths] = [this.#take(5) + 257, this.#take(5) + 1, this.#take(4) + 4];
    if (literals > 286 || distances > 30) damaged();
    const ordered = new Uint8Array(19);
    for (const symbol of CODE_ORDER.slice(0, lengths)) ordered[symbol] = this.#take(3);
    const all = this.#readLengths(buildCode(ordered, false), literals + distances);
    if (all[END] === 0) damaged();
    return [buildCode(all.subarray(0, literals), true), buildCode(all.subarray(literals), true)];
  }

  #readLengths(code: Code, count: number): Uint8Array {
    const lengths = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) damaged();
      const value = symbol === 16 ? lengths[at - 1] : 0;
      const repeat = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (at + repeat > count) damaged();
      lengths.fill(value, at, (at += repeat));
    }
    return lengths;
  }

  /** The next symbol, of any code: RFC 1951, section 3.2.2, bit by bit. */
  #symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= this.#take(1);
      const count = counts[length];
      if (code - count < first) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return damaged();
  }

  /** The hot loop. It keeps the state in variables, because fields would be written at every symbol. */
  #coded(literals: Code, distances: Code): void {
    const [data, out, fast, far] = [this.#in, this.#out, literals.fast, distances.fast];
    const mask = (1 << FAST_BITS) - 1;
    let [at, filled, bits, count] = [this.#at, this.#filled, this.#bits, this.#count];
    for (;;) {
      while (count < MAX_BITS) {
        bits |= data[at++] << count;
        count += 8;
      }
      let symbol = fast[bits & mask];
      if (symbol === 0) {
        [this.#at, this.#bits, this.#count] = [at, bits, count];
        symbol = this.#symbol(literals);
        [at, bits, count] = [this.#at, this.#bits, this.#count];
      } else {
        bits >>>= symbol & 15;
        count -= symbol & 15;
        symbol >>>= 4;
      }
      if (symbol < END) {
        if (filled === out.length) tooLong();
        out[filled++] = symbol;
        continue;
      }
      [this.#at, this.#bits, this.#count] = [at, bits, count];
      if (symbol === END) break;
      filled = this.#copy(symbol - END - 1, distances, far, filled);
      [at, bits, count] = [this.#at, this.#bits, this.#count];
    }
    this.#filled = filled;
  }

  /** Repeats earlier bytes; returns where the output ends then. */
  #copy(code: number, distances: Code, fast: Uint16Array, filled: number): number {
    if (code >= LENGTH_BASE.length) damaged();
    const length = LENGTH_BASE[code] + this.#take(LENGTH_EXTRA[code]);
    while (this.#count < MAX_BITS) {
      this.#bits |= this.#in[this.#at++] << this.#count;
      this.#count += 8;
    }
    const entry = fast[this.#bits & ((1 << FAST_BITS) - 1)];
    if (entry > 0) this.#take(entry & 15);
    const symbol = entry > 0 ? entry >>> 4 : this.#symbol(distances);
    if (symbol >= DISTANCE_BASE.length) damaged();
    const distance = DISTANCE_BASE[symbol] + this.#take(DISTANCE_EXTRA[symbol]);
    if (distance > filled) damaged();
    const end = filled + length;
    if (end > this.#out.length) tooLong();
    for (let i = filled; i < end; i++) this.#out[i] = this.#out[i - distance];
    return end;
  }
}

function damaged(): never {
  throw new ImageCorrupt("the image data of the PNG are damaged");
}

function tooLong(): never {
  throw new ImageCorrupt("the image data of the PNG are longer than the picture");
}
