import type { TableData } from "@/ui/charts/data-table.tsx";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { clamp, linear, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

/** One number of one job, as standard deviations from what noise gives. */
export interface Deviation {
  /** Which job. */
  of: string;
  by: number;
  /** The number itself: "99.6103 %, p = 0.91". */
  text: string;
}

export interface DeviationRow {
  name: string;
  deviations: Deviation[];
}

const PITCH = 34;
const REACH = 4.4;
const AXIS = 34;
const LABELS = 190;
/** Inside of it is what nineteen of twenty pictures of noise give. */
const BAND = 1.96;

/** How far each number of each job is from noise, one row a test. */
export function Deviations({ name, rows }: { name: string; rows: DeviationRow[] }) {
  return <Sized>{(width) => <Drawing name={name} rows={rows} width={width} />}</Sized>;
}

function Drawing({ name, rows, width }: { name: string; rows: DeviationRow[]; width: number }) {
  const narrow = width < 480;
  const pitch = narrow ? PITCH + 14 : PITCH;
  const x = linear([-REACH, REACH], [narrow ? 8 : LABELS + 8, width - 8]);
  const middle = (row: number) => row * pitch + (narrow ? 32 : PITCH / 2);
  const height = rows.length * pitch + AXIS;
  const stops = rows.flatMap((row, at) => row.deviations.map((one): Stop => ({ x: x(clamp(one.by, -REACH, REACH)), y: middle(at), lines: [one.of, `${row.name} ${one.text}`, `${signedSd(one.by)} sd`] })));
  return (
    <Plot name={name} sentence={deviationsSentence(rows)} width={width} height={height} stops={stops}>
      <rect x={x(-BAND)} y={0} width={x(BAND) - x(-BAND)} height={height - AXIS} className="fill-iris-tint" />
      {rows.map((row, at) => <line key={row.name} x1={x(-REACH)} x2={x(REACH)} y1={middle(at)} y2={middle(at)} className="stroke-line" />)}
      <line x1={x(0)} x2={x(0)} y1={0} y2={height - AXIS} className="stroke-control" />
      {rows.map((row, at) => <Row key={row.name} row={row} x={x} y={middle(at)} label={narrow ? middle(at) - 16 : middle(at) + 4} />)}
      {[-4, -2, 0, 2, 4].map((tick) => <text key={tick} x={x(tick)} y={height - 14} textAnchor="middle" className="numeric fill-muted">{tick === 0 ? "noise" : `${tick < 0 ? "−" : "+"}${Math.abs(tick)} sd`}</text>)}
    </Plot>
  );
}

function Row({ row, x, y, label }: { row: DeviationRow; x: Scale; y: number; label: number }) {
  return (
    <g>
      <text x={0} y={label} className="fill-ink">{row.name}</text>
      {row.deviations.map((one, index) => <circle key={index} cx={x(clamp(one.by, -REACH, REACH))} cy={y} r={4} className="fill-iris" fillOpacity={0.62} />)}
      {row.deviations.length === 0 && <text x={x(0) + 8} y={y + 4} className="fill-muted">not tested</text>}
    </g>
  );
}

const signedSd = (by: number): string => `${by < 0 ? "−" : "+"}${Math.abs(by).toFixed(2)}`;

export function deviationsSentence(rows: readonly DeviationRow[]): string {
  const all = rows.flatMap((row) => row.deviations.map((one) => Math.abs(one.by)));
  const inside = all.filter((by) => by <= BAND).length;
  if (all.length === 0) return "No number of these jobs was compared with noise.";
  return `Of ${all.length} numbers, ${inside} are within ${BAND} standard deviations of noise, and the farthest is ${Math.max(...all).toFixed(1)} off. Noise itself has one of twenty outside.`;
}

export const deviationsTable = (rows: readonly DeviationRow[]): TableData => ({
  caption: "Standard deviations from noise",
  columns: ["Test", "Job", "Measured", "From noise"],
  rows: rows.flatMap((row) => row.deviations.map((one) => [row.name, one.of, one.text, `${signedSd(one.by)} sd`])),
});
