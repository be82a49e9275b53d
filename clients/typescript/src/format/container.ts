/** The strict reader of an encrypted image: it accepts exactly what a writer writes (docs/reference/format.md, "PNG"). */

import { type Bytes, concat, equal, u32, u64, utf8 } from "./bytes.ts";
import { crc32 } from "./checksums.ts";
import { FileTooLarge, HeaderInvalid, HeaderMissing, NotEncrypted, TooManyPixels } from "./failures.ts";
import { type Header, packHeader, parseHeader } from "./header.ts";
import { MAX_CHUNKS, MAX_ENCRYPTED_BYTES, MAX_PIXELS } from "./limits.ts";
import type { Pace } from "./pace.ts";
import { sampleBytes } from "./picture.ts";
import { nameOf } from "./recognition.ts";
import { readStored, storedSize } from "./stored.ts";
import { chunksOf, isPng, SIGNATURE } from "./walk.ts";

export const CHUNK_TYPE = "qsIS";
export const TAG_SIZE = 32;
const IHDR_SIZE = 13;
const ALIGNMENT = 8;
const IEND = chunk("IEND", new Uint8Array());

/** Header, tag and samples as they stand in the file; nothing is authenticated yet. */
export interface Container {
  readonly header: Header;
  readonly samples: Bytes;
  readonly tag: Bytes;
  /** What the tag covers: u32 length ‖ header ‖ u64 length ‖ samples; `samples` is a part of it. */
  readonly authenticated: Bytes;
}

/** Steps 1 to 3 of Decryption: finds the data of qsIS without reading more than lengths and types. */
export function findHeader(file: Bytes): Bytes {
  if (file.length > MAX_ENCRYPTED_BYTES) throw new FileTooLarge("An encrypted image has at most 112,000,000 bytes");
  if (!isPng(file)) throw new NotEncrypted(whatItIs(file));
  let left = MAX_CHUNKS;
  try {
    for (const { type, data } of chunksOf(file)) {
      if (type === "IHDR") checkPixels(data);
      if (type === CHUNK_TYPE) return data;
      if (type === "IEND") throw new HeaderMissing("A PNG without the chunk qsIS");
      if (--left === 0) throw new HeaderInvalid("More chunks than a writer writes");
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new HeaderInvalid("The file is cut short");
}

/** Step 5: reads the file, and refuses every byte that a writer does not write there. */
export async function readContainer(file: Bytes, pace: Pace): Promise<Container> {
  const own = findHeader(file).slice(); // a view would keep the whole file in memory
  const headerBytes = own.subarray(0, Math.max(0, own.length - TAG_SIZE));
  const header = parseHeader(headerBytes);
  const front = frontOf(header, own);
  const end = file.length - IEND.length;
  if (end !== front.length + storedSize(header)) {
    throw new HeaderInvalid("The file is longer or shorter than its geometry says");
  }
  if (!equal(file.subarray(0, front.length), front) || !equal(file.subarray(end), IEND)) {
    throw new HeaderInvalid("The frame of the file is not what a writer writes");
  }
  const covered = coverOf(headerBytes, sampleBytes(header));
  await readStored(file.subarray(front.length, end), header, covered.samples, pace);
  return { header, tag: own.subarray(headerBytes.length), ...covered };
}

/** Memory for what the tag covers, all of it written but the samples. They begin at an even place, to be read as words. */
export function coverOf(headerBytes: Bytes, size: number): { samples: Bytes; authenticated: Bytes } {
  const ahead = concat(u32(headerBytes.length), headerBytes, u64(size));
  const start = Math.ceil(ahead.length / ALIGNMENT) * ALIGNMENT;
  const memory = new Uint8Array(start + size);
  memory.set(ahead, start - ahead.length);
  return { samples: memory.subarray(start), authenticated: memory.subarray(start - ahead.length) };
}

function frontOf(header: Header, own: Bytes): Bytes {
  const kind = Uint8Array.of(header.bitDepth, header.colorType, 0, 0, 0);
  const tag = own.subarray(own.length - TAG_SIZE);
  const ihdr = chunk("IHDR", concat(u32(header.width), u32(header.height), kind));
  return concat(SIGNATURE, ihdr, chunk(CHUNK_TYPE, concat(packHeader(header), tag)));
}

function chunk(type: string, data: Bytes): Bytes {
  const body = concat(utf8(type), data);
  return concat(u32(body.length - 4), body, u32(crc32(body)));
}

function checkPixels(ihdr: Bytes): void {
  if (ihdr.length !== IHDR_SIZE) return;
  const view = new DataView(ihdr.buffer, ihdr.byteOffset);
  if (view.getUint32(0) * view.getUint32(4) > MAX_PIXELS) throw new TooManyPixels("The limit is 25,000,000 pixels");
}

/** What a file is that should be an encrypted image, in a sentence. */
export function whatItIs(file: Bytes): string {
  const { kind, isPicture } = nameOf(file) ?? { kind: null, isPicture: false };
  if (kind === null) return "An encrypted image is a PNG";
  const told = `This is ${kind}: an encrypted image is a PNG`;
  return isPicture ? `${told}; another program has saved this one again, or it was never encrypted` : told;
}
