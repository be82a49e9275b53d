/** The regions that somebody draws, checked and in the order of a header (docs/reference/format.md, "Regions"). */

import { RegionInvalid } from "../failures.ts";
import { MAX_REGIONS } from "../limits.ts";
import type { Size } from "../framing.ts";
import { compare, isInside, type Region } from "../regions.ts";

/** Sorts regions; refuses those that do not fit, because none is ever cut. */
export function orderRegions(regions: readonly Region[], { width, height }: Size): readonly Region[] {
  if (regions.length > MAX_REGIONS) throw new RegionInvalid(`More than ${MAX_REGIONS} regions; merge some of them`);
  for (const region of regions) check(region, width, height);
  const ordered = [...regions].sort(compare);
  const twice = ordered.find((region, i) => i > 0 && compare(ordered[i - 1], region) === 0);
  if (twice !== undefined) throw new RegionInvalid(`The region ${show(twice)} is given twice`);
  return ordered;
}

function check(region: Region, width: number, height: number): void {
  const named = `The region ${show(region)}`;
  if (![region.x, region.y, region.width, region.height].every(Number.isSafeInteger)) {
    throw new RegionInvalid(`${named} is not of whole numbers`);
  }
  if (region.width < 1 || region.height < 1) throw new RegionInvalid(`${named} is empty; width and height are at least 1`);
  if (!isInside(region, width, height)) {
    throw new RegionInvalid(`${named} reaches outside the picture of ${width} by ${height} pixels`);
  }
}

function show({ x, y, width, height }: Region): string {
  return [x, y, width, height].join();
}
