/** A file as samples that are ready to encrypt (docs/reference/format.md, "Payload" and "Metadata"). */

import { type Bytes, toBase64, toHex } from "../bytes.ts";
import type { JsonObject } from "../canonical.ts";
import { frame } from "../framing.ts";
import type { Layout } from "../header.ts";
import { harmlessName } from "../names.ts";
import type { Pace } from "../pace.ts";
import type { Picture } from "../picture.ts";
import { sha256 } from "../primitives.ts";
import { KEPT_CHUNKS } from "../rebuild/png.ts";
import { countPixels, type Region, takePixels } from "../regions.ts";
import { examine, type Facts } from "./facts.ts";
import { chooseLayout } from "./layout.ts";
import { readPng } from "./png.ts";
import { checkChecksums, type PngWalk, walkPng } from "./png-walk.ts";
import { orderRegions } from "./rectangles.ts";

export interface Wish {
  readonly layout: Layout | "auto";
  /** The only parts to encrypt; none encrypts everything. */
  readonly regions: readonly Region[];
  readonly fileName: string | null;
}

/** Stable codes, those of the service. */
export type Warning = "region-small" | "trailing-data" | "not-decoded";

export interface Payload {
  readonly layout: Layout;
  readonly reason: string;
  readonly picture: Picture;
  readonly regions: readonly Region[];
  /** The bytes to encrypt, in memory that may be changed. */
  readonly pixels: Bytes;
  /** The keys of the metadata that come from the file. */
  readonly metadata: JsonObject;
  /** Of the header: 2 for a file that nobody decodes. */
  readonly version: number;
  readonly warnings: readonly Warning[];
}

const SMALL = 4096; // pixels: of fewer, number and place reveal much

/** Turns a file into samples; throws an ImageError where it is not accepted. */
export async function buildPayload(data: Bytes, wish: Wish, pace: Pace): Promise<Payload> {
  const facts = examine(data);
  const walk = facts.format === "PNG" ? walkPng(data) : null;
  const choice = chooseLayout(facts, walk, wish.layout, wish.regions);
  if (walk !== null) checkChecksums(walk);
  const isPixels = choice.layout === "pixels" && walk !== null;
  const picture = isPixels ? await readPng(walk, pace) : { ...frame(data), bitDepth: 8, colorType: 2 };
  const regions = isPixels ? orderRegions(wish.regions, picture) : [];
  const pixels = takePixels(picture, regions);
  return {
    ...choice,
    picture,
    regions,
    pixels,
    metadata: {
      payload_sha256: toHex(await sha256(pixels)),
      original_sha256: toHex(await sha256(data)),
      source: describe(facts, harmlessName(wish.fileName), isPixels ? keep(walk) : null),
    },
    version: facts.format === "OTHER" ? 2 : 1,
    warnings: warn(facts, isPixels && walk.hasTrailingData, regions),
  };
}

/** `source` of docs/reference/format.md. */
function describe({ format, mode, bitDepth, mediaType }: Facts, name: string | null, rebuild: JsonObject | null): JsonObject {
  const about = { format, mode, bit_depth: bitDepth, file_name: name, rebuild };
  return mediaType === undefined ? about : { ...about, media_type: mediaType };
}

/** What the PNG is rebuilt with: its other chunks, as they are. */
function keep({ chunks }: PngWalk): JsonObject {
  const first = chunks.findIndex(({ type }) => type === "IDAT");
  const kept = chunks.map(({ type, data }, i) => ({ type, data, place: i < first ? "before" : "after" }));
  return {
    as: "PNG",
    chunks: kept
      .filter(({ type }) => KEPT_CHUNKS.has(type))
      .map(({ type, data, place }) => ({ data_b64: toBase64(data), place, type })),
  };
}

function warn({ format }: Facts, losesData: boolean, regions: readonly Region[]): Warning[] {
  const isSmall = regions.length > 0 && countPixels(regions) < SMALL;
  return [
    ...(losesData ? (["trailing-data"] as const) : []),
    ...(format === "OTHER" ? (["not-decoded"] as const) : []),
    ...(isSmall ? (["region-small"] as const) : []),
  ];
}
