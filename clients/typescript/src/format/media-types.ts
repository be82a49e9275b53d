/** Media types of pictures, and the suffixes of their files (docs/reference/format.md, "Media types"). */

import type { DecodedFormat, Source } from "./picture.ts";

/** The suffixes of each media type; a name without a suffix gets the first. */
export const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  "image/png": [".png", ".apng"],
  "image/jpeg": [".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".jps", ".mpo"],
  "image/bmp": [".bmp", ".dib"],
  // Raw formats of cameras and pictures of microscopes have the structure of a TIFF.
  "image/tiff": [
    ...[".tif", ".tiff", ".tf8", ".btf", ".lsm", ".ndpi", ".scn", ".stk", ".svs"],
    ...[".3fr", ".arw", ".cr2", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos", ".nef"],
    ...[".nrw", ".pef", ".rwl", ".sr2", ".srf", ".srw"],
  ],
  "image/webp": [".webp"],
  "image/avif": [".avif", ".avifs"],
  "image/gif": [".gif"],
  "image/heic": [".heic", ".heif", ".hif", ".heics"],
  "image/heif": [".heif", ".heic", ".hif", ".heifs"],
  "image/jxl": [".jxl"],
  "image/vnd.adobe.photoshop": [".psd", ".psb"],
  "image/vnd.microsoft.icon": [".ico", ".cur"],
  "image/x-adobe-dng": [".dng"],
  "image/x-canon-cr2": [".cr2"],
  "image/x-canon-cr3": [".cr3"],
  "image/x-dcraw": [".raw"],
  "image/x-fuji-raf": [".raf"],
  "image/x-nikon-nef": [".nef", ".nrw"],
  "image/x-olympus-orf": [".orf"],
  "image/x-panasonic-rw2": [".rw2", ".raw"],
  "image/x-pentax-pef": [".pef"],
  "image/x-samsung-srw": [".srw"],
  "image/x-sony-arw": [".arw", ".sr2", ".srf"],
};

/**
 * The suffix of a file of unknown type. A list of types that a double click does not execute can be complete; a list of
 * types that it executes cannot.
 */
export const OTHER_SUFFIX = ".bin";
export const UNKNOWN_MEDIA_TYPE = "application/octet-stream";

export const MEDIA_TYPES: Readonly<Record<DecodedFormat, string>> = {
  PNG: "image/png",
  JPEG: "image/jpeg",
  BMP: "image/bmp",
  TIFF: "image/tiff",
  WEBP: "image/webp",
};

/** The type that a file is served with: of a file that was not decoded, only one of the table. */
export function mediaTypeOf(source: Source): string {
  if (source.format !== "OTHER") return MEDIA_TYPES[source.format];
  const named = source.media_type ?? "";
  return Object.hasOwn(SUFFIXES, named) ? named : UNKNOWN_MEDIA_TYPE;
}
