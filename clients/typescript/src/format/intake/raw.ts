/** Raw pictures of cameras, most of which have the structure of a TIFF (TIFF/EP; DNG 1.7). */

import { ImageCorrupt } from "../failures.ts";
import { type Facts, undecoded } from "./facts.ts";
import { type Page, TiffReader } from "./tiff-directories.ts";

const MAKERS: Readonly<Partial<Record<string, string>>> = {
  NIKON: "image/x-nikon-nef",
  SONY: "image/x-sony-arw",
  PENTAX: "image/x-pentax-pef",
  RICOH: "image/x-pentax-pef",
  SAMSUNG: "image/x-samsung-srw",
  OLYMPUS: "image/x-olympus-orf",
  PANASONIC: "image/x-panasonic-rw2",
};
const UNNAMED = "image/x-dcraw";
const DNG_VERSION = 50706;
const MAKE = 271;
const SUB_IMAGES = 330;
const FILTER_PATTERN = [33421, 33422];
const SENSOR = new Set([32803, 34892]); // color filter array, linear raw
const PACKINGS = new Set([32767, 32769, 32770, 34713, 65535]); // Sony, packed, Samsung, Nikon, Pentax
const MOST_DIRECTORIES = 16;
const HEADER = 16; // of a BigTIFF

/** Facts of a raw picture that begins like a TIFF, or null for any other file. */
export function rawFacts(data: Uint8Array): Facts | null {
  if (data.length < HEADER) return null;
  if (String.fromCharCode(...data.subarray(0, 4), ...data.subarray(8, 10)) === "II*\0CR") return undecoded("image/x-canon-cr2");
  const reader = new TiffReader(data);
  const pages = readPages(reader);
  const first = pages.at(0);
  if (first === undefined) return null;
  if (first.entries.has(DNG_VERSION)) return undecoded("image/x-adobe-dng");
  return pages.some((page) => isOfSensor(reader, page)) ? undecoded(MAKERS[makerOf(reader, first)] ?? UNNAMED) : null;
}

/** The pages and the pages inside them; a damaged one ends nothing, because every decoder shows the others. */
function readPages(reader: TiffReader): Page[] {
  const waiting = [reader.first];
  const pages: Page[] = [];
  for (let tried = 0; tried < 2 * MOST_DIRECTORIES && pages.length < MOST_DIRECTORIES; tried++) {
    const offset = waiting.shift();
    if (offset === undefined) break;
    const page = attempt(() => reader.page(offset));
    if (page === null) continue;
    pages.push(page);
    waiting.push(...(attempt(() => reader.numbers(page, SUB_IMAGES)) ?? []));
    if (page.following !== 0) waiting.push(page.following);
  }
  return pages;
}

function isOfSensor(reader: TiffReader, page: Page): boolean {
  const found = attempt(() => SENSOR.has(reader.number(page, 262, 0)) || PACKINGS.has(reader.number(page, 259, 1)));
  return FILTER_PATTERN.some((tag) => page.entries.has(tag)) || found === true;
}

function makerOf(reader: TiffReader, page: Page): string {
  const words = reader.text(page, MAKE, 64).toUpperCase().replaceAll("\0", " ").trim();
  return words.split(/\s+/)[0];
}

function attempt<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImageCorrupt) return null;
    throw error;
  }
}
