/** The choice of the layout, from the structure of the file alone (docs/reference/format.md, "Payload" and "Regions"). */

import { LayoutNotExact, RegionInvalid } from "../failures.ts";
import type { Layout } from "../header.ts";
import { MAX_PIXELS } from "../limits.ts";
import type { Walk } from "../png/frame.ts";
import type { Region } from "../regions.ts";
import { checkSize, type Facts } from "./facts.ts";
import { obstacleOf } from "./png.ts";

export interface Choice {
  readonly layout: Layout;
  readonly reason: string;
}

export const TRAILING = "a PNG with bytes behind its end";
const ASKED_FOR = "asked for";

/**
 * Takes pixels of an 8-bit PNG only; every other picture is a file.
 *
 * @param walk of a PNG, else null
 * @param wanted `auto` takes pixels where they restore all of the file
 * @param regions need pixels
 */
export function chooseLayout(facts: Facts, walk: Walk | null, wanted: Layout | "auto", regions: readonly Region[]): Choice {
  if (regions.length > 0 && wanted === "file") {
    throw new RegionInvalid("The layout `file` encrypts the whole file: regions go with `pixels` or `auto`");
  }
  const obstacle = walk === null ? describeKind(facts) : obstacleOf(walk);
  if (regions.length > 0) return takePixels(facts, obstacle, "regions are encrypted as pixels");
  if (wanted === "pixels") return takePixels(facts, obstacle, ASKED_FOR);
  if (wanted === "file") return { layout: "file", reason: ASKED_FOR };
  if (facts.width * facts.height > MAX_PIXELS) return { layout: "file", reason: "a picture of more than 25,000,000 pixels" };
  if (obstacle === null && walk?.hasTrailingData) return { layout: "file", reason: TRAILING };
  return obstacle === null ? { layout: "pixels", reason: "an 8-bit PNG" } : { layout: "file", reason: obstacle };
}

function takePixels(facts: Facts, obstacle: string | null, reason: string): Choice {
  if (obstacle !== null) {
    throw new LayoutNotExact(
      `The picture is ${obstacle}: only all of it can be encrypted here, in the layout \`file\`, which keeps it byte for byte`,
    );
  }
  checkSize(facts, MAX_PIXELS);
  return { layout: "pixels", reason };
}

function describeKind({ format }: Facts): string {
  return format === "OTHER" ? "of a kind that is not decoded" : `no PNG but a ${format}`;
}
