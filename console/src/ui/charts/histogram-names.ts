import { bestPlace, cutValues, highest, overlap, topOf, type Box, type HistogramShape } from "@/ui/charts/histogram-shape.ts";
import { clamp, type Scale } from "@/ui/charts/scale.ts";

/** A name on a curve: its text starts at `x`, its baseline is `y`. */
export interface PlacedName {
  whose: "yours" | "encrypted";
  text: string;
  x: number;
  y: number;
}

interface Frame {
  left: Scale;
  y: Scale;
  /** The y of the axis' end. */
  top: number;
  /** Left and right end of the drawing. */
  ends: [number, number];
  /** What the number of a cut bar says. */
  cutText: (value: number) => string;
}

const LETTER = 6.7;
const LINE = 16;
const GAP = 8;

/** The numbers of cut bars and the names of both curves, where they cover neither curve nor each other. */
export function placeNames(shape: HistogramShape, frame: Frame): PlacedName[] {
  const names: PlacedName[] = [];
  const add = (name: PlacedName | null) => { if (name && !names.some((other) => overlap(boxOf(other), boxOf(name)))) names.push(name); };
  for (const value of highestFirst(shape)) if (names.length < 2) add(cutName(value, shape, frame));
  add(yours(shape, frame, names) ?? cornerName(frame));
  add(encrypted(shape, frame, names));
  return names;
}

const boxOf = ({ text, x, y }: PlacedName): Box => ({ x: x - GAP, y: y - 12, width: text.length * LETTER + 2 * GAP, height: LINE });

const highestFirst = (shape: HistogramShape): number[] => cutValues(shape.original, topOf(shape)).sort((one, other) => (shape.original[other] ?? 0) - (shape.original[one] ?? 0));

function cutName(value: number, shape: HistogramShape, { left, y, top, ends: [start, end], cutText }: Frame): PlacedName {
  const text = cutText(value);
  const width = text.length * LETTER;
  const after = left(value + 1) + 18;
  const x = after + width <= end ? after : left(value) - 18 - width;
  const placed = { whose: "yours" as const, text, x: Math.max(start, x) };
  const bar = (pixels: number) => clamp(Math.floor((256 * (pixels - left(0))) / (left(256) - left(0))), 0, 255);
  const under = highest(shape.original, bar(placed.x), bar(placed.x + width) + 1);
  // Above the axis no curve goes.
  return { ...placed, y: y(under) < top + 26 ? top - 7 : top + 20 };
}

const cornerName = ({ ends: [, end], top }: Frame): PlacedName => ({ whose: "yours", text: "Your picture", x: end - "Your picture".length * LETTER, y: top + 20 });

function yours(shape: HistogramShape, { left, y, top }: Frame, taken: PlacedName[]): PlacedName | null {
  const text = "Your picture";
  const bars = Math.ceil((text.length * LETTER) / (left(1) - left(0)));
  const place = (first: number, last: number): PlacedName => ({ whose: "yours", text, x: left(first), y: y(highest(shape.original, first, last)) - 6 });
  const first = bestPlace(bars, (start, end) => {
    const name = place(start, end);
    const most = highest(shape.original, start, end);
    const onLine = overlap(boxOf(name), lineBox(shape, y, left));
    return most > topOf(shape) || name.y < top + 10 || onLine || taken.some((other) => overlap(boxOf(other), boxOf(name))) ? null : most;
  });
  return first === null ? null : place(first, first + bars);
}

function encrypted(shape: HistogramShape, { left, y }: Frame, taken: PlacedName[]): PlacedName | null {
  const text = "Encrypted";
  const bars = Math.ceil((text.length * LETTER) / (left(1) - left(0)));
  const place = (first: number, last: number): PlacedName => ({ whose: "encrypted", text, x: left(first), y: y(highest(shape.encrypted, first, last)) - 6 });
  const first = bestPlace(bars, (start, end) => {
    const name = place(start, end);
    if (taken.some((other) => overlap(boxOf(other), boxOf(name)))) return null;
    // Best where the other curve stays below, and then near the first third.
    return -Math.max(0, highest(shape.original, start, end) - shape.expected) - (Math.abs(start - 85) / 256) * shape.step * 0.2;
  });
  return first === null ? null : place(first, first + bars);
}

function lineBox(shape: HistogramShape, y: Scale, left: Scale): Box {
  const [above, below] = [y(shape.expected + 3 * shape.sd), y(shape.expected - 3 * shape.sd)];
  return { x: left(0), y: above, width: left(256) - left(0), height: Math.max(1, below - above) };
}
