import type { TableData } from "@/ui/charts/data-table.tsx";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { clamp, linear, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

/** A percentage of two ciphertexts, what noise gives, and where literature calls it unusual. */
export interface Critical {
  value: number;
  expected: number;
  sd: number;
  /** By significance level ("0.05"): the least value; or the least and the greatest. */
  bounds: Record<string, number | number[]>;
}

const HEIGHT = 66;
const AXIS = 36;
/** Standard deviations to either side. */
const REACH = 4.4;
const SHOWN = 4;

/** The measured share on an axis of noise, ± 4.4 standard deviations, with the critical values. */
export function CriticalLine({ critical, name }: { critical: Critical; name: string }) {
  return <Sized>{(width) => <Drawing critical={critical} name={name} width={width} />}</Sized>;
}

function Drawing({ critical, name, width }: { critical: Critical; name: string; width: number }) {
  const { expected, sd, value } = critical;
  const x = linear([expected - REACH * sd, expected + REACH * sd], [6, width - 6]);
  const ends = boundsOf(critical);
  const [from, to] = bandOf(critical, x, width);
  return (
    <Plot name={name} sentence={criticalSentence(critical, name)} width={width} height={HEIGHT} stops={stopsOf(critical, x)}>
      <rect x={from} y={AXIS - 9} width={Math.max(0, to - from)} height={18} className="fill-iris-tint" />
      <line x1={6} x2={width - 6} y1={AXIS} y2={AXIS} className="stroke-control" />
      {ends.map(({ level, at }) => <Bound key={`${level} ${at}`} level={level} x={x(at)} />)}
      <line x1={x(expected)} x2={x(expected)} y1={AXIS - 6} y2={AXIS + 6} className="stroke-ink" />
      <text x={x(expected)} y={AXIS + 24} textAnchor="middle" className="numeric fill-ink">{expected.toFixed(SHOWN)}</text>
      <Measured x={clamp(x(value), 6, width - 6)} text={`${value.toFixed(SHOWN)} %`} beyond={beyond(critical)} width={width} />
    </Plot>
  );
}

function Bound({ level, x }: { level: string; x: number }) {
  const solid = Number(level) === 0.05;
  return (
    <>
      <line x1={x} x2={x} y1={AXIS - 9} y2={AXIS + 9} className="stroke-control" strokeDasharray={solid ? undefined : "2 2"} />
      {Number(level) !== 0.01 && <text x={x} y={AXIS + 24} textAnchor="middle" className="numeric fill-muted">{level.replace(/^0/, "")}</text>}
    </>
  );
}

function Measured({ x, text, beyond: far, width }: { x: number; text: string; beyond: -1 | 0 | 1; width: number }) {
  const half = (text.length * 6.7) / 2;
  const label = far === 0 ? text : far < 0 ? `← ${text}` : `${text} →`;
  return (
    <g className="fill-iris">
      <text x={clamp(x, half, width - half)} y={16} textAnchor="middle" className="numeric font-semibold">{label}</text>
      <circle cx={x} cy={AXIS} r={5} className="stroke-surface" strokeWidth={1.5} />
    </g>
  );
}

const beyond = ({ value, expected, sd }: Critical): -1 | 0 | 1 => (Math.abs(value - expected) <= REACH * sd ? 0 : value < expected ? -1 : 1);

const boundsOf = ({ bounds }: Critical): { level: string; at: number }[] => Object.entries(bounds).flatMap(([level, at]) => [at].flat().map((one) => ({ level, at: one })));

function bandOf({ bounds }: Critical, x: Scale, width: number): [number, number] {
  if (!("0.05" in bounds)) return [0, 0];
  const [least, most] = endsOf(bounds["0.05"]);
  return [x(least), most === undefined ? width - 6 : x(most)];
}

function stopsOf(critical: Critical, x: Scale): Stop[] {
  const { value, expected } = critical;
  const measured = { x: clamp(x(value), x(expected - REACH * critical.sd), x(expected + REACH * critical.sd)), y: AXIS, lines: [`Measured ${value.toFixed(SHOWN)} %`] };
  const bounds = boundsOf(critical).map(({ level, at }) => ({ x: x(at), y: AXIS, lines: [`${at.toFixed(SHOWN)} %`, `critical at α = ${level}`] }));
  return [measured, { x: x(expected), y: AXIS, lines: [`Noise ${expected.toFixed(SHOWN)} %`, `± ${critical.sd.toFixed(SHOWN)}`] }, ...bounds];
}

export const criticalSentence = ({ value, expected, sd }: Critical, name: string): string =>
  `${name}: measured ${value.toFixed(SHOWN)} %, noise ${expected.toFixed(SHOWN)} ± ${sd.toFixed(SHOWN)} %, which is ${Math.abs((value - expected) / sd).toFixed(1)} standard deviations off.`;

const LEVELS = ["0.05", "0.01", "0.001"];

/** One column for each line: the card is narrow. */
export const criticalTable = (lines: { name: string; critical: Critical }[]): TableData => ({
  caption: "Measured shares, noise and critical values, in percent",
  columns: ["In percent", ...lines.map(({ name }) => name)],
  rows: [
    ["Measured", ...lines.map(({ critical }) => critical.value.toFixed(SHOWN))],
    ["Noise", ...lines.map(({ critical }) => `${critical.expected.toFixed(SHOWN)} ± ${critical.sd.toFixed(SHOWN)}`)],
    ...LEVELS.map((level) => [`α = ${level.slice(1)}`, ...lines.map(({ critical }) => boundText(critical.bounds[level]))]),
  ],
});

function boundText(bound: number | number[] | undefined): string {
  if (bound === undefined) return "–";
  const [least, most] = endsOf(bound);
  return most === undefined ? `≥ ${least.toFixed(SHOWN)}` : `${least.toFixed(SHOWN)} to ${most.toFixed(SHOWN)}`;
}

const endsOf = (bound: number | number[]): [number, number | undefined] => (typeof bound === "number" ? [bound, undefined] : [bound[0], bound[1]]);
