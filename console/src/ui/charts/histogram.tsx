import { count } from "@/lib/format.ts";
import type { TableData } from "@/ui/charts/data-table.tsx";
import { placeNames } from "@/ui/charts/histogram-names.ts";
import { cutValues, shapeOf, topOf, type HistogramShape } from "@/ui/charts/histogram-shape.ts";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { clamp, linear, linePath, stepArea, stepPath, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

interface Props {
  name: string;
  /** 256 counts each. */
  original: number[];
  encrypted: number[];
  /** What is counted: "samples". */
  unit?: string;
}

const MARGIN = { left: 48, right: 8, top: 20, bottom: 26 };
const NARROW = 480;

/** How often each value occurs in both pictures. The names stand on the curves; bars above the axis are cut and say their number. */
export function Histogram({ name, original, encrypted, unit = "samples" }: Props) {
  const shape = shapeOf(original, encrypted);
  return <Sized>{(width) => <Drawing name={name} shape={shape} raw={{ original, encrypted }} unit={unit} width={width} />}</Sized>;
}

interface Raw {
  original: number[];
  encrypted: number[];
}

function Drawing({ name, shape, raw, unit, width }: { name: string; shape: HistogramShape; raw: Raw; unit: string; width: number }) {
  const narrow = width < NARROW;
  const height = narrow ? 200 : 244;
  const base = height - MARGIN.bottom;
  const left = linear([0, 256], [MARGIN.left, width - MARGIN.right]);
  const y = linear([0, topOf(shape)], [base, MARGIN.top]);
  const stops = raw.original.map((_, value): Stop => ({ x: left(value + 0.5), lines: [`Value ${value}`, `Your picture ${count(raw.original[value])}`, `Encrypted ${count(raw.encrypted[value])}`] }));
  const cutText = (value: number) => `${count(raw.original[value])}${narrow ? "" : ` ${unit}`} at ${value} (cut)`;
  const names = placeNames(shape, { left, y, top: MARGIN.top, ends: [MARGIN.left + 4, width - MARGIN.right], cutText });
  return (
    <Plot name={name} sentence={histogramSentence(raw.original, raw.encrypted, unit)} width={width} height={height} stops={stops} span={[MARGIN.top, base]}>
      <Grid shape={shape} y={y} ends={[MARGIN.left, width - MARGIN.right]} />
      <Curves shape={shape} left={left} y={y} base={base} />
      {[0, ...(narrow ? [128] : [64, 128, 192]), 255].map((value) => (
        <text key={value} x={value === 0 ? left(0) : value === 255 ? left(256) : left(value + 0.5)} y={height - 6} textAnchor={value === 0 ? "start" : value === 255 ? "end" : "middle"} className="numeric fill-muted">{value}</text>
      ))}
      {names.map((placed) => <text key={placed.text} x={placed.x} y={placed.y} strokeWidth={3} paintOrder="stroke" className={`stroke-surface font-semibold ${placed.whose === "yours" ? "fill-amber" : "fill-iris"}`}>{placed.text}</text>)}
    </Plot>
  );
}

function Grid({ shape, y, ends: [start, end] }: { shape: HistogramShape; y: Scale; ends: [number, number] }) {
  return [0, 1, 2, 3].map((step) => (
    <g key={step}>
      <line x1={start} x2={end} y1={Math.round(y(step * shape.step)) + 0.5} y2={Math.round(y(step * shape.step)) + 0.5} className={step === 0 ? "stroke-control" : "stroke-line"} />
      <text x={start - 8} y={y(step * shape.step) + 4} textAnchor="end" className="numeric fill-muted">{shape.counted ? count(step * shape.step) : `${step}×`}</text>
    </g>
  ));
}

function Curves({ shape, left, y, base }: { shape: HistogramShape; left: Scale; y: Scale; base: number }) {
  const top = topOf(shape);
  const heights = shape.original.map((height) => y(Math.min(height, top)));
  const line = shape.encrypted.map((height, value): [number, number] => [left(value + 0.5), y(Math.min(height, top))]);
  return (
    <>
      <path d={stepArea(heights, left, base)} className="fill-amber/28" />
      <path d={stepPath(heights, left)} className="fill-none stroke-amber" strokeWidth={1.2} />
      {runsOf(cutValues(shape.original, top)).map(([first, last]) => <Cut key={first} whose="yours" x={clamp(left((first + last + 1) / 2), MARGIN.left, left(256) - 4)} y={y(top)} />)}
      <path d={linePath(line)} className="fill-none stroke-iris" strokeWidth={1.6} strokeLinejoin="round" />
      {runsOf(cutValues(shape.encrypted, top)).map(([first, last]) => <Cut key={first} whose="encrypted" x={clamp(left((first + last + 1) / 2), MARGIN.left, left(256) - 4)} y={y(top)} />)}
    </>
  );
}

/** Two strokes across the end of a bar: it goes on. */
const Cut = ({ whose, x, y }: { whose: "yours" | "encrypted"; x: number; y: number }) => (
  <g className={whose === "yours" ? "stroke-amber" : "stroke-iris"} strokeWidth={1.2}>
    <path d={`M${x - 6} ${y + 9}l12 -7v4l-12 7z`} className="fill-surface stroke-none" />
    <path d={`M${x - 6} ${y + 9}l12 -7M${x - 6} ${y + 13}l12 -7`} />
  </g>
);

/** Neighboring values as first and last. */
export function runsOf(values: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.[1] === value - 1) run[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

export function histogramSentence(original: readonly number[], encrypted: readonly number[], unit = "samples"): string {
  const range = (counts: readonly number[]) => `from ${count(Math.min(...counts))} to ${count(Math.max(...counts))}`;
  return `How often each of the 256 values occurs: in your picture ${range(original)} ${unit} a value, in the encrypted one ${range(encrypted)}.`;
}

export const histogramTable = (original: readonly number[], encrypted: readonly number[]): TableData => ({
  caption: "How often each value occurs",
  columns: ["Value", "Your picture", "Encrypted"],
  rows: original.map((one, value) => [String(value), count(one), count(encrypted[value])]),
});
