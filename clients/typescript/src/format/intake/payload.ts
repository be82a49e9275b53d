/** A file as samples that are ready to encrypt (docs/reference/format.md, "Payload" and "Metadata"). */

import { type Bytes, toHex } from "../bytes.ts";
import type { JsonObject } from "../canonical.ts";
import { frame } from "../framing.ts";
import type { Layout } from "../header.ts";
import { harmlessName } from "../names.ts";
import type { Pace } from "../pace.ts";
import type { Picture } from "../picture.ts";
import { checkChecksums, type Walk, walkPng } from "../png/frame.ts";
import { readSamples } from "../png/read.ts";
import { sha256 } from "../primitives.ts";
import { countPixels, type Region, takePixels } from "../regions.ts";
import { examine, type Facts } from "./facts.ts";
import { type Choice, chooseLayout, TRAILING } from "./layout.ts";
import { keepChunks } from "./png.ts";
import { orderRegions } from "./rectangles.ts";

export interface Wish {
  readonly layout: Layout | "auto";
  /** The only parts to encrypt; none encrypts everything. */
  readonly regions: readonly Region[];
  readonly fileName: string | null;
}

/** Stable codes, those of the service. */
export type Warning = "region-small" | "trailing-data" | "not-decoded";

export interface Payload extends Taken {
  /** The bytes to encrypt, in memory that may be changed. */
  readonly pixels: Bytes;
  /** The keys of the metadata that come from the file. */
  readonly metadata: JsonObject;
  /** Of the header: 2 for a file that nobody decodes. */
  readonly version: number;
}

interface Taken extends Choice {
  readonly picture: Picture;
  readonly regions: readonly Region[];
  readonly rebuild: JsonObject | null;
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
  const picture = isPixels ? await takePicture(walk, choice, wish, pace) : null;
  const taken = picture ?? takeFile(data, facts, isPixels ? { layout: "file", reason: TRAILING } : choice);
  const pixels = takePixels(taken.picture, taken.regions);
  const metadata = {
    payload_sha256: toHex(await sha256(pixels)),
    original_sha256: toHex(await sha256(data)),
    source: describe(facts, harmlessName(wish.fileName), taken.rebuild),
  };
  return { ...taken, pixels, metadata, version: facts.format === "OTHER" ? 2 : 1 };
}

function takeFile(data: Bytes, { format }: Facts, choice: Choice): Taken {
  const picture = { ...frame(data), bitDepth: 8, colorType: 2 };
  return { ...choice, picture, regions: [], rebuild: null, warnings: format === "OTHER" ? ["not-decoded"] : [] };
}

/** The samples of a PNG; null where bytes follow them in the file and nobody asked for pixels. */
async function takePicture(walk: Walk, choice: Choice, wish: Wish, pace: Pace): Promise<Taken | null> {
  const { width, height, bitDepth, colorType } = walk.frame;
  const regions = orderRegions(wish.regions, walk.frame);
  const { samples, hasTrailingData } = await readSamples(walk, pace);
  if (hasTrailingData && wish.layout === "auto" && regions.length === 0) return null;
  const warnings = warn(hasTrailingData || walk.hasTrailingData, regions);
  return { ...choice, picture: { width, height, bitDepth, colorType, samples }, regions, rebuild: keepChunks(walk), warnings };
}

/** `source` of docs/reference/format.md. */
function describe({ format, mode, bitDepth, mediaType }: Facts, name: string | null, rebuild: JsonObject | null): JsonObject {
  const about = { format, mode, bit_depth: bitDepth, file_name: name, rebuild };
  return mediaType === undefined ? about : { ...about, media_type: mediaType };
}

function warn(losesData: boolean, regions: readonly Region[]): Warning[] {
  const isSmall = regions.length > 0 && countPixels(regions) < SMALL;
  return [...(losesData ? (["trailing-data"] as const) : []), ...(isSmall ? (["region-small"] as const) : [])];
}
