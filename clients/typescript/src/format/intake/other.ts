/** Files that are kept and not decoded, by their first bytes (docs/reference/format.md, "Media types"). */

import { startsWith, utf8 } from "../bytes.ts";
import { UnsupportedFormat } from "../failures.ts";
import { nameOf } from "../recognition.ts";
import { type Facts, undecoded } from "./facts.ts";

const TAKEN =
  "PNG, JPEG, BMP, TIFF, WebP, HEIC, AVIF, GIF, JPEG XL, Photoshop documents, icons and raw pictures of cameras";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const MAGICS: readonly (readonly [Uint8Array, string])[] = [
  [utf8("GIF87a"), "image/gif"],
  [utf8("GIF89a"), "image/gif"],
  [latin1("\xff\x0a"), "image/jxl"],
  [latin1("\0\0\0\x0cJXL \r\n\x87\n"), "image/jxl"],
  [utf8("8BPS\0\x01"), "image/vnd.adobe.photoshop"],
  [utf8("8BPS\0\x02"), "image/vnd.adobe.photoshop"],
  [utf8("IIRO"), "image/x-olympus-orf"],
  [utf8("IIRS"), "image/x-olympus-orf"],
  [utf8("MMOR"), "image/x-olympus-orf"],
  [utf8("IIU\0"), "image/x-panasonic-rw2"],
  [utf8("FUJIFILMCCD-RAW"), "image/x-fuji-raf"],
];

/** The brands of an ftyp box (ISO/IEC 14496-12 and 23008-12). */
const BRANDS: Readonly<Partial<Record<string, string>>> = {
  ...Object.fromEntries(["avif", "avis"].map((brand) => [brand, "image/avif"])),
  ...Object.fromEntries("heic heix heim heis hevc hevx hevm hevs".split(" ").map((brand) => [brand, "image/heic"])),
  ...Object.fromEntries(["mif1", "mif2", "msf1"].map((brand) => [brand, "image/heif"])),
  "crx ": "image/x-canon-cr3",
};
const GENERAL = "image/heif";
const BRANDS_END = 1024;

/** Files that people take for pictures, each with what they can do. */
const REFUSED: readonly (readonly [Uint8Array, string])[] = [
  [utf8("%PDF"), "a PDF, which is not taken: export the page that counts as PNG"],
  [utf8("PK\x03\x04"), "a ZIP archive, which is not taken: unpack it"],
  [utf8("Rar!"), "a RAR archive, which is not taken: unpack it"],
  [latin1("\x1f\x8b"), "a gzip file, which is not taken: unpack it"],
  [utf8("QSMT"), "a material file: it goes with the encrypted image when that is decrypted"],
];

export function describeOther(data: Uint8Array): Facts {
  const mediaType = MAGICS.find(([magic]) => startsWith(data, magic))?.[1] ?? brandOf(data) ?? iconOf(data);
  if (mediaType === null) throw new UnsupportedFormat(explain(data));
  return undecoded(mediaType);
}

function brandOf(data: Uint8Array): string | null {
  const start = String.fromCharCode(...data.subarray(0, BRANDS_END));
  if (start.slice(4, 8) !== "ftyp") return null;
  const end = Math.min(((data[0] << 24) | (data[1] << 16) | (data[2] << 8) | data[3]) >>> 0, start.length);
  const named = [];
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) named.push(BRANDS[start.slice(at, at + 4)]);
  const [major] = named;
  const special = named.find((name) => (name ?? GENERAL) !== GENERAL);
  return major === GENERAL ? (special ?? GENERAL) : (major ?? null);
}

/** An icon or cursor, by its whole directory: many other files begin with the same four bytes. */
function iconOf(data: Uint8Array): string | null {
  if (!startsWith(data, utf8("\0\0\x01\0")) && !startsWith(data, utf8("\0\0\x02\0"))) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const count = data.length < 6 ? 0 : view.getUint16(4, true);
  const behind = 6 + 16 * count;
  if (count === 0 || behind > data.length) return null;
  for (let at = 6; at < behind; at += 16) {
    const [size, offset] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    if (size === 0 || offset < behind || offset + size > data.length) return null;
  }
  return "image/vnd.microsoft.icon";
}

function explain(data: Uint8Array): string {
  if (nameOf(data)?.kind === "a key file") return "This is a key file: it goes with the encrypted image when that is decrypted";
  const known = REFUSED.find(([magic]) => startsWith(data, magic));
  return known === undefined ? `The file starts like no picture that is taken: ${TAKEN}` : `This is ${known[1]}`;
}
