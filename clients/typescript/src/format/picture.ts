/** A decoded picture, and what the metadata say of the file that it came from (docs/reference/format.md, "Source"). */

import type { Bytes } from "./bytes.ts";
import type { JsonObject } from "./canonical.ts";

/** 8 or 16 bits a sample; PNG's color types: 0 gray, 2 RGB, 4 gray and alpha, 6 RGBA. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
}

/** Samples row-major, channel-interleaved, 8-bit, or 16-bit big-endian. */
export interface Picture extends Geometry {
  readonly samples: Bytes;
}

export type Mode = "L" | "I;16" | "RGB" | "LA" | "RGBA";
export type DecodedFormat = "PNG" | "JPEG" | "BMP" | "TIFF" | "WEBP";
export type SourceFormat = DecodedFormat | "OTHER";

/** `source` of the metadata, with its own spelling; `rebuild` is checked where the file is rebuilt. */
export interface Source {
  readonly format: SourceFormat;
  readonly mode: string | null;
  readonly bit_depth: number | null;
  readonly file_name: string | null;
  readonly rebuild: JsonObject | null;
  readonly media_type?: string | null;
}

interface Kind {
  readonly mode: Mode;
  readonly bitDepth: number;
  readonly colorType: number;
  readonly channels: number;
}

/** The kinds of samples that a payload holds. */
export const KINDS: readonly Kind[] = [
  { mode: "L", bitDepth: 8, colorType: 0, channels: 1 },
  { mode: "I;16", bitDepth: 16, colorType: 0, channels: 1 },
  { mode: "RGB", bitDepth: 8, colorType: 2, channels: 3 },
  { mode: "LA", bitDepth: 8, colorType: 4, channels: 2 },
  { mode: "RGBA", bitDepth: 8, colorType: 6, channels: 4 },
];

/** The kind of a geometry's samples, or undefined where no payload holds such samples. */
export function kindOf({ bitDepth, colorType }: Geometry): Kind | undefined {
  return KINDS.find((kind) => kind.bitDepth === bitDepth && kind.colorType === colorType);
}

/** Bytes of a pixel, 1 to 4; 0 where no payload holds such samples. */
export function pixelBytes(geometry: Geometry): number {
  const kind = kindOf(geometry);
  return kind === undefined ? 0 : (kind.channels * kind.bitDepth) / 8;
}

export function rowBytes(geometry: Geometry): number {
  return geometry.width * pixelBytes(geometry);
}

export function sampleBytes(geometry: Geometry): number {
  return geometry.height * rowBytes(geometry);
}
