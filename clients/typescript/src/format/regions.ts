/** Regions: the rectangles of a partially encrypted picture, and their pixels (docs/reference/format.md, "Regions"). */

import type { Bytes } from "./bytes.ts";
import { type Picture, pixelBytes, rowBytes } from "./picture.ts";

/** A rectangle, in pixels as they are stored. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whether the regions may stand in a header: none empty or outside, strictly ascending by (y, x, height, width). */
export function areOrdered(regions: readonly Region[], width: number, height: number): boolean {
  return regions.every((region, i) => isInside(region, width, height) && (i === 0 || compare(regions[i - 1], region) < 0));
}

/** The order of regions in a header. */
export function compare(left: Region, right: Region): number {
  return left.y - right.y || left.x - right.x || left.height - right.height || left.width - right.width;
}

export function isInside({ x, y, width, height }: Region, right: number, bottom: number): boolean {
  return x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= right && y + height <= bottom;
}

/** The number of pixels of the union, each counted once. */
export function countPixels(regions: readonly Region[]): number {
  return bands(regions).reduce((sum, { top, bottom, spans }) => sum + (bottom - top) * lengthOf(spans), 0);
}

/** A copy of the pixels of the union, row-major, each once; the samples themselves if there are no regions. */
export function takePixels(picture: Picture, regions: readonly Region[]): Bytes {
  if (regions.length === 0) return picture.samples;
  const inside = new Uint8Array(countPixels(regions) * pixelBytes(picture));
  for (const { there, here, size } of runs(picture, regions)) inside.set(picture.samples.subarray(there, there + size), here);
  return inside;
}

/** Writes pixels back, in place, to where `takePixels` read them. */
export function putPixels(picture: Picture, inside: Bytes, regions: readonly Region[]): void {
  for (const { there, here, size } of runs(picture, regions)) picture.samples.set(inside.subarray(here, here + size), there);
}

type Span = readonly [left: number, right: number];
interface Band {
  readonly top: number;
  readonly bottom: number;
  readonly spans: readonly Span[];
}

/** Bands of equal rows: at most 127 of at most 64 spans, for any size of picture. */
function bands(regions: readonly Region[]): Band[] {
  const edges = [...new Set(regions.flatMap(({ y, height }) => [y, y + height]))].sort((a, b) => a - b);
  return edges.slice(1).flatMap((bottom, i) => {
    const top = edges[i];
    const spans = merge(regions.filter(({ y, height }) => y <= top && top < y + height));
    return spans.length > 0 ? [{ top, bottom, spans }] : [];
  });
}

function merge(regions: readonly Region[]): Span[] {
  const merged: Span[] = [];
  for (const { x, width } of [...regions].sort((a, b) => a.x - b.x)) {
    const last = merged.at(-1);
    if (last !== undefined && x <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], x + width)];
    else merged.push([x, x + width]);
  }
  return merged;
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [left, right]) => sum + right - left, 0);
}

/** Runs of bytes: where they are in the picture, and where among the pixels of the union. */
function* runs(picture: Picture, regions: readonly Region[]): Generator<{ there: number; here: number; size: number }> {
  const pixel = pixelBytes(picture);
  const row = rowBytes(picture);
  let here = 0;
  for (const { top, bottom, spans } of bands(regions)) {
    for (let y = top; y < bottom; y++) {
      for (const [left, right] of spans) {
        const size = (right - left) * pixel;
        yield { there: y * row + left * pixel, here, size };
        here += size;
      }
    }
  }
}
