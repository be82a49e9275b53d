/** A value's place in pixels. */
export type Scale = (value: number) => number;

/** Map `[from, to]` on `[start, end]` in a straight line. */
export function linear([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

/** The step of 1, 2 or 5 × 10ⁿ that divides `span` into at most `most` parts. */
export function niceStep(span: number, most: number): number {
  if (!(span > 0)) return 1;
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((step) => step * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Round values from `from` to `to`, both included if they are round. */
export function ticks(from: number, to: number, most: number): number[] {
  const step = niceStep(to - from, most);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Multiplied, and not added up, so that 0.1 + 0.2 shows as 0.3.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Round to `digits` significant digits: 3,072 is 3,000 with one. */
export const significant = (value: number, digits: number): number => Number(value.toPrecision(digits));

export const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), Math.max(least, most));

/** A tenth of a pixel is enough, and keeps paths short. */
const short = (pixels: number): string => String(Math.round(pixels * 10) / 10);

/** A line through points; a null breaks it. */
export function linePath(points: readonly (readonly [number, number] | null)[]): string {
  let open = false;
  let path = "";
  for (const point of points) {
    if (point) path += `${open ? "L" : "M"}${short(point[0])} ${short(point[1])}`;
    open = point !== null;
  }
  return path;
}

/** The outline of bars that touch each other: bar n reaches from `left(n)` to `left(n + 1)`. */
export function stepPath(heights: readonly number[], left: Scale): string {
  return heights.map((y, index) => `${index === 0 ? `M${short(left(0))} ${short(y)}` : `V${short(y)}`}H${short(left(index + 1))}`).join("");
}

/** The same outline, closed along `base`. */
export const stepArea = (heights: readonly number[], left: Scale, base: number): string => `${stepPath(heights, left)}V${short(base)}H${short(left(0))}Z`;
