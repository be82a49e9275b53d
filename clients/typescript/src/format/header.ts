/** The header of an encrypted image, in the chunk qsIS (docs/reference/format.md, "Header"). */

import { type Bytes, concat, Cursor, isZero, u16, u32, utf8 } from "./bytes.ts";
import { HeaderInvalid, LaterVersion } from "./failures.ts";
import { MAX_METADATA, MAX_PIXELS, MAX_REGIONS } from "./limits.ts";
import { type Geometry, kindOf } from "./picture.ts";
import { areOrdered, type Region } from "./regions.ts";

export const PURITIES = ["fast", "balanced", "multistage", "maximum"] as const;
export const LAYOUTS = ["pixels", "file"] as const;
export type Purity = (typeof PURITIES)[number];
export type Layout = (typeof LAYOUTS)[number];

/** In plaintext, but authenticated by the tag. */
export interface Header extends Geometry {
  /** 1, or 2 for a file that was not decoded. */
  readonly version: number;
  readonly layout: Layout;
  readonly purity: Purity;
  /** 16 bytes. */
  readonly keyId: Bytes;
  readonly nonce: Bytes;
  readonly commitment: Bytes;
  /** Of `multistage` and `maximum`, else null. */
  readonly materialSha256: Bytes | null;
  /** The only encrypted parts; none if everything is encrypted. */
  readonly regions: readonly Region[];
  /** Ciphertext ‖ 16-byte tag. */
  readonly metadata: Bytes;
}

const MAGIC = utf8("QSIS");
const SUITE = 1;
const LATEST = 2;
const MIN_METADATA = 16;
const MIN_FILE_SIDE = 16;

/** Reads a header strictly: `packHeader` writes every header that is accepted back byte for byte. */
export function parseHeader(data: Bytes): Header {
  try {
    return parse(new Cursor(data));
  } catch (error) {
    if (error instanceof RangeError) throw new HeaderInvalid("The header is cut short");
    throw error;
  }
}

export function packHeader(header: Header): Bytes {
  const regions = header.regions.map(({ x, y, width, height }) => concat(u32(x), u32(y), u32(width), u32(height)));
  const codes = [header.version, SUITE, LAYOUTS.indexOf(header.layout) + 1, PURITIES.indexOf(header.purity) + 1];
  return concat(
    ...[MAGIC, Uint8Array.from(codes), u16(flagsOf(header)), header.keyId, header.nonce, header.commitment],
    ...[u32(header.width), u32(header.height), Uint8Array.of(header.bitDepth, header.colorType)],
    ...[header.materialSha256 ?? new Uint8Array(32), u16(regions.length), ...regions],
    ...[u32(header.metadata.length), header.metadata],
  );
}

export function needsMaterial(purity: Purity): boolean {
  return purity === "multistage" || purity === "maximum";
}

function parse(fields: Cursor): Header {
  const isOurs = fields.number(4) === 0x51534953;
  const version = fields.number(1);
  if (isOurs && version > LATEST) throw new LaterVersion(version);
  demand(isOurs && version > 0 && fields.number(1) === SUITE, "Not a header of version 1 or 2, suite 1");
  const layout = named(LAYOUTS, fields.number(1));
  const purity = named(PURITIES, fields.number(1));
  const flags = fields.number(2);
  const [keyId, nonce, commitment] = [fields.take(16), fields.take(24), fields.take(32)];
  const [width, height, bitDepth, colorType] = [4, 4, 1, 1].map((size) => fields.number(size));
  const material = fields.take(32);
  const regions = readRegions(fields);
  const metadata = readMetadata(fields);
  const header = { version, layout, purity, keyId, nonce, commitment, width, height, bitDepth, colorType, regions, metadata };
  return checked({ ...header, materialSha256: isZero(material) ? null : material }, flags);
}

function named<Name>(names: readonly Name[], code: number): Name {
  demand(code >= 1 && code <= names.length, "An unknown layout or purity");
  return names[code - 1];
}

function readRegions(fields: Cursor): Region[] {
  const count = fields.number(2);
  demand(count <= MAX_REGIONS, "The header has too many regions");
  return Array.from({ length: count }, () => {
    const [x, y, width, height] = [4, 4, 4, 4].map((size) => fields.number(size));
    return { x, y, width, height };
  });
}

function readMetadata(fields: Cursor): Bytes {
  const length = fields.number(4);
  demand(MIN_METADATA <= length && length <= MAX_METADATA, "The metadata has 16 bytes to 4 MiB");
  demand(fields.left === length, "The header is longer or shorter than it says");
  return fields.take(length);
}

function checked(header: Header, flags: number): Header {
  const { width, height, regions, layout } = header;
  demand(header.version === 1 || layout === "file", "A header of version 2 with another layout than file");
  demand((header.materialSha256 !== null) === needsMaterial(header.purity), "Material without its purity, or the reverse");
  demand(kindOf(header) !== undefined, "A bit depth and color type that no payload has");
  demand(width > 0 && height > 0 && width * height <= MAX_PIXELS, "The geometry is empty or over the limit");
  if (layout === "file") {
    const drawn = header.bitDepth === 8 && header.colorType === 2 && Math.min(width, height) >= MIN_FILE_SIDE;
    demand(drawn && regions.length === 0, "The geometry is not one of the file layout");
  }
  demand(areOrdered(regions, width, height), "The regions are not sorted, or one is empty or not inside the picture");
  demand(flagsOf(header) === flags, "Unknown flags, or flags that contradict what follows");
  return header;
}

function flagsOf({ regions, materialSha256 }: Header): number {
  return (regions.length > 0 ? 1 : 0) | (materialSha256 !== null ? 2 : 0);
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new HeaderInvalid(why);
}
