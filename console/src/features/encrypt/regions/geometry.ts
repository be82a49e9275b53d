/** Rectangles on a picture, in pixels as they are stored: whole numbers, never empty, never outside. */

import type { Region } from "@imageshield/client";

export interface Size {
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** The rectangle between two points; a square with `square`, which gets smaller where the picture ends. */
export function drawBetween(from: Point, to: Point, size: Size, square = false): Region {
  const start = { x: clamp(Math.floor(from.x), 0, size.width - 1), y: clamp(Math.floor(from.y), 0, size.height - 1) };
  const end = { x: clamp(Math.round(to.x), 0, size.width), y: clamp(Math.round(to.y), 0, size.height) };
  let [width, height] = [Math.abs(end.x - start.x), Math.abs(end.y - start.y)];
  const [left, up] = [end.x < start.x, end.y < start.y];
  if (square) {
    const room = Math.min(left ? start.x : size.width - start.x, up ? start.y : size.height - start.y);
    width = height = Math.min(Math.max(width, height), room);
  }
  return fit({ x: left ? start.x - width : start.x, y: up ? start.y - height : start.y, width, height }, size);
}

/** Moves a rectangle; it stops at the border of the picture. */
export function move(region: Region, by: Point, size: Size): Region {
  const x = clamp(Math.round(region.x + by.x), 0, size.width - region.width);
  const y = clamp(Math.round(region.y + by.y), 0, size.height - region.height);
  return { ...region, x, y };
}

/** Moves the sides that a handle holds; they stop at the border, and one pixel before the side that stands. */
export function resize(region: Region, handle: Handle, by: Point, size: Size, square = false): Region {
  let [left, top] = [region.x, region.y];
  let [right, bottom] = [left + region.width, top + region.height];
  if (handle.includes("w")) left = clamp(Math.round(left + by.x), 0, right - 1);
  if (handle.includes("e")) right = clamp(Math.round(right + by.x), left + 1, size.width);
  if (handle.includes("n")) top = clamp(Math.round(top + by.y), 0, bottom - 1);
  if (handle.includes("s")) bottom = clamp(Math.round(bottom + by.y), top + 1, size.height);
  const changed = { x: left, y: top, width: right - left, height: bottom - top };
  return square && handle.length === 2 ? squared(changed, handle) : changed;
}

/** The corner opposite of the handle stays. */
function squared({ x, y, width, height }: Region, handle: Handle): Region {
  const side = Math.min(width, height);
  return { x: handle.includes("w") ? x + width - side : x, y: handle.includes("n") ? y + height - side : y, width: side, height: side };
}

/** The nearest rectangle that is inside of the picture: for numbers that were typed. */
export function fit({ x, y, width, height }: Region, size: Size): Region {
  const inside = { x: clamp(Math.round(x), 0, size.width - 1), y: clamp(Math.round(y), 0, size.height - 1) };
  return { ...inside, width: clamp(Math.round(width), 1, size.width - inside.x), height: clamp(Math.round(height), 1, size.height - inside.y) };
}

/** A rectangle for the keyboard to begin with: a quarter of the picture's width and height, in its middle. */
export function middle(size: Size): Region {
  const [width, height] = [Math.max(1, Math.round(size.width / 4)), Math.max(1, Math.round(size.height / 4))];
  return { x: Math.floor((size.width - width) / 2), y: Math.floor((size.height - height) / 2), width, height };
}

export const areaOf = ({ width, height }: Region): number => width * height;

/** The pixels in any of the rectangles: where they overlap, a pixel counts once. */
export function pixelsIn(regions: readonly Region[]): number {
  const edges = [...new Set(regions.flatMap(({ x, width }) => [x, x + width]))].sort((one, other) => one - other);
  return edges.slice(1).reduce((sum, right, index) => {
    const left = edges[index] ?? right;
    const across = regions.filter(({ x, width }) => x <= left && x + width >= right);
    return sum + (right - left) * lengthOf(across.map(({ y, height }) => [y, y + height]));
  }, 0);
}

/** The length of a union of intervals. */
function lengthOf(intervals: [number, number][]): number {
  let [sum, end] = [0, -Infinity];
  for (const [from, to] of intervals.sort(([one], [other]) => one - other)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}
