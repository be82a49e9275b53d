import { significant } from "@/ui/charts/scale.ts";

/** What the drawing of two histograms needs to know. Heights are in multiples of an even spread where the totals differ. */
export interface HistogramShape {
  original: number[];
  encrypted: number[];
  /** The count of each value if all were equally likely, on the axis of the chart. */
  expected: number;
  /** Standard deviation of one count of noise, on the same axis. */
  sd: number;
  /** The step of the axis; it has three. */
  step: number;
  /** Both pictures have as many samples, so that the axis counts them. */
  counted: boolean;
}

const VALUES = 256;
const STEPS = 3;

export const sumOf = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);

/** The axis ends near three times the expected count: what is even stands at a third. */
export function shapeOf(original: readonly number[], encrypted: readonly number[]): HistogramShape {
  const [ours, theirs] = [sumOf(original), sumOf(encrypted)];
  const even = theirs / VALUES;
  const sd = Math.sqrt(even * (1 - 1 / VALUES));
  if (ours === theirs && even >= 1) return { original: [...original], encrypted: [...encrypted], expected: even, sd, step: significant(even, 1), counted: true };
  // An encrypted file has another size than the picture: only the shapes can be compared.
  const spread = (counts: readonly number[], total: number) => counts.map((one) => (total === 0 ? 0 : (one * VALUES) / total));
  return { original: spread(original, ours), encrypted: spread(encrypted, theirs), expected: 1, sd: even > 0 ? sd / even : 0, step: 1, counted: false };
}

export const topOf = (shape: HistogramShape): number => shape.step * STEPS;

/** Values whose bars are higher than the axis. */
export const cutValues = (heights: readonly number[], top: number): number[] => heights.flatMap((height, value) => (height > top ? [value] : []));

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const overlap = (one: Box, other: Box): boolean => one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;

/** The place of a name, `width` bars wide, whose first bar gives the highest score; null if nothing scores. */
export function bestPlace(width: number, score: (first: number, last: number) => number | null): number | null {
  let best: number | null = null;
  let most = -Infinity;
  for (let first = 2; first + width <= VALUES - 2; first += 2) {
    const scored = score(first, first + width);
    if (scored !== null && scored > most) [best, most] = [first, scored];
  }
  return best;
}

export const highest = (heights: readonly number[], first: number, last: number): number => Math.max(...heights.slice(first, last));
