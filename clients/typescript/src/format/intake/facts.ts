/** What the structure of a file tells of it, without decoding: what `source` of the metadata says. */

import type { Bytes } from "../bytes.ts";
import { FileTooLarge, ImageEmpty, TooManyPixels } from "../failures.ts";
import { MAX_BYTES, MAX_FILE_PIXELS } from "../limits.ts";
import type { SourceFormat } from "../picture.ts";
import { describeBmp } from "./bmp.ts";
import { describeJpeg } from "./jpeg.ts";
import { describeOther } from "./other.ts";
import { describePng } from "./png.ts";
import { sniffFormat } from "./sniff.ts";
import { describeTiff } from "./tiff.ts";
import { describeWebp } from "./webp.ts";

/** `mode` and `bitDepth` are null for OTHER, which has a media type; width and height are 0 where they are not known. */
export interface Facts {
  readonly format: SourceFormat;
  readonly mode: string | null;
  readonly bitDepth: number | null;
  readonly width: number;
  readonly height: number;
  readonly mediaType?: string;
}

const DESCRIBE = {
  PNG: describePng,
  JPEG: describeJpeg,
  BMP: describeBmp,
  TIFF: describeTiff,
  WEBP: describeWebp,
} as const;

/** Facts of a file of a format that is taken; the failure of any other says what it is. */
export function examine(data: Bytes): Facts {
  if (data.length === 0) throw new ImageEmpty("The file has no bytes");
  if (data.length > MAX_BYTES) {
    throw new FileTooLarge(`The file has ${grouped(data.length)} bytes; the limit is ${grouped(MAX_BYTES)}`);
  }
  const format = sniffFormat(data);
  const facts = format === null ? describeOther(data) : DESCRIBE[format](data);
  checkSize(facts, MAX_FILE_PIXELS);
  return facts;
}

/** Refuses a picture of more pixels than the limit. */
export function checkSize({ width, height }: { width: number; height: number }, limit: number): void {
  if (width * height > limit) {
    throw new TooManyPixels(`${width} by ${height} is ${grouped(width * height)} pixels; the limit is ${grouped(limit)}`);
  }
}

/** A file that is kept and not decoded. */
export function undecoded(mediaType: string, width = 0, height = 0): Facts {
  return { format: "OTHER", mode: null, bitDepth: null, width, height, mediaType };
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
