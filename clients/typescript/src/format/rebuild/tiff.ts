/** TIFF, rebuilt: byte for byte where it is not packed (docs/reference/format.md, "Rebuilding"; TIFF 6.0). */

import { type Bytes, concat } from "../bytes.ts";
import { hasKeys, type JsonObject } from "../canonical.ts";
import { PayloadInvalid } from "../failures.ts";
import { type Picture, pixelBytes, rowBytes } from "../picture.ts";
import { store } from "./deflate.ts";
import { type Directory, type Field, LONG, readTags, SHORT, sizeOfType } from "./tiff-tags.ts";

const STRIP = 262_144;
const MOST_FIELDS = 65_535; // the number of fields of a directory has two bytes

interface Strip {
  readonly place: number;
  readonly size: number;
}

/** How the file is written: its byte order, and whether it is compressed. */
interface Style {
  readonly isLittle: boolean;
  readonly packed: boolean;
}

export function rebuildTiff(picture: Picture, description: JsonObject): Bytes {
  const style = readStyle(description);
  const kept = readTags(description.tags);
  const file = new TiffFile(style.isLittle);
  const rows = Math.max(1, Math.floor(STRIP / rowBytes(picture)));
  const strips: Strip[] = [];
  for (let top = 0; top < picture.height; top += rows) {
    const strip = takeStrip(picture, top, rows, style);
    strips.push({ place: file.append(strip), size: strip.length });
  }
  return file.finish(new Map([...kept, ...ownFields(picture, file, { strips, rows, packed: style.packed })]));
}

function readStyle(description: JsonObject): Style {
  const { order, packed } = description;
  const isKnown = (order === "II" || order === "MM") && typeof packed === "boolean";
  if (!isKnown || !hasKeys(description, "as", "order", "packed", "tags")) {
    throw new PayloadInvalid("The metadata describe no TIFF");
  }
  return { isLittle: order === "II", packed };
}

function ownFields(
  picture: Picture,
  file: TiffFile,
  { strips, rows, packed }: { strips: readonly Strip[]; rows: number; packed: boolean },
): Map<number, Field> {
  const channels = channelsOf(picture);
  const long = (...values: number[]): Field => file.field(LONG, values);
  const short = (...values: number[]): Field => file.field(SHORT, values);
  const fields: [number, Field][] = [
    [256, long(picture.width)],
    [257, long(picture.height)],
    [258, short(...new Array<number>(channels).fill(picture.bitDepth))],
    [259, short(packed ? 8 : 1)],
    [262, short(channels >= 3 ? 2 : 1)],
    [273, file.field(LONG, strips.map(({ place }) => place))],
    [277, short(channels)],
    [278, long(rows)],
    [279, file.field(LONG, strips.map(({ size }) => size))],
    [284, short(1)],
  ];
  if (packed) fields.push([317, short(2)]);
  if (channels % 2 === 0) fields.push([338, short(2)]);
  return new Map(fields);
}

function channelsOf(picture: Picture): number {
  return (8 * pixelBytes(picture)) / picture.bitDepth;
}

function takeStrip(picture: Picture, top: number, rows: number, { isLittle, packed }: Style): Uint8Array {
  const rowSize = rowBytes(picture);
  const samples = picture.samples.subarray(top * rowSize, Math.min(picture.height, top + rows) * rowSize);
  if (picture.bitDepth === 8) return packed ? store(differences(samples, rowSize, pixelBytes(picture))) : samples;
  const numbers = readNumbers(samples);
  const wide = packed ? differences(numbers, rowSize / 2, channelsOf(picture)) : numbers;
  const data = writeNumbers(wide, isLittle);
  return packed ? store(data) : data;
}

/** Each sample minus the one to its left of the same channel; the kind of array takes it modulo 2^8 or 2^16. */
function differences<Samples extends Uint8Array | Uint16Array>(samples: Samples, width: number, channels: number): Samples {
  const result = samples.slice() as Samples;
  for (let row = 0; row < samples.length; row += width) {
    for (let i = row + channels; i < row + width; i++) result[i] = samples[i] - samples[i - channels];
  }
  return result;
}

function readNumbers(samples: Uint8Array): Uint16Array {
  const numbers = new Uint16Array(samples.length / 2);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (samples[2 * i] << 8) | samples[2 * i + 1];
  return numbers;
}

function writeNumbers(numbers: Uint16Array, isLittle: boolean): Bytes {
  const data = new Uint8Array(2 * numbers.length);
  const [high, low] = isLittle ? [1, 0] : [0, 1];
  for (let i = 0; i < numbers.length; i++) {
    data[2 * i + high] = numbers[i] >>> 8;
    data[2 * i + low] = numbers[i];
  }
  return data;
}

/** A file that is written from the front; the offset of its directory is put in at the end. */
class TiffFile {
  readonly #isLittle: boolean;
  readonly #parts: Uint8Array[] = [];
  #size = 8;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /** Appends at the next even offset, and returns the offset. */
  append(data: Uint8Array): number {
    if (this.#size % 2 === 1) this.#push(new Uint8Array(1));
    this.#push(data);
    return this.#size - data.length;
  }

  field(type: number, values: readonly number[]): Field {
    const step = sizeOfType(type);
    const value = new Uint8Array(values.length * step);
    values.forEach((number, i) => { value.set(this.#number(number, step), i * step); });
    return { type, count: values.length, value };
  }

  finish(directory: Directory): Bytes {
    const place = this.#directory(directory);
    const mark = this.#isLittle ? 0x49 : 0x4d;
    const start = concat(Uint8Array.of(mark, mark), this.#number(42, 2), this.#number(place, 4));
    return concat(start, ...this.#parts);
  }

  /** Writes the directories inside it, its long values, then itself; returns its offset. */
  #directory(directory: Directory): number {
    if (directory.size > MOST_FIELDS) throw new PayloadInvalid("A directory of more fields than one can have");
    const fields = [...directory].sort(([left], [right]) => left - right);
    const written = fields.map(([tag, field]) => {
      return [tag, "value" in field ? field : this.field(LONG, [this.#directory(field)])] as const;
    });
    const entries = written.map(([tag, field]) => this.#entry(tag, field));
    return this.append(concat(this.#number(entries.length, 2), ...entries, new Uint8Array(4)));
  }

  #entry(tag: number, { type, count, value }: Field): Bytes {
    const place = value.length > 4 ? this.#number(this.append(value), 4) : concat(value, new Uint8Array(4 - value.length));
    return concat(this.#number(tag, 2), this.#number(type, 2), this.#number(count, 4), place);
  }

  #number(value: number, size: number): Bytes {
    const bytes = Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i));
    return this.#isLittle ? bytes : bytes.reverse();
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#size += part.length;
  }
}
