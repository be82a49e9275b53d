import type { Sample } from "@/features/quantum/samples.ts";
import { count, duration } from "@/lib/format.ts";
import { Sized, type TableData } from "@/ui/charts/index.ts";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { linear, linePath, type Scale } from "@/ui/charts/scale.ts";

const HEIGHT = 172;
const MARGIN = { left: 52, right: 12, top: 10, bottom: 28 };
/** A minute at least, so that the first samples do not jump over the whole width. */
const SHORTEST = 60_000;

/** The waiting bits since the page was opened, up to what the pools can hold. */
export function LevelChart({ samples, capacity }: { samples: readonly Sample[]; capacity: number }) {
  return <Sized>{(width) => <Drawing samples={samples} capacity={capacity} width={width} />}</Sized>;
}

function Drawing({ samples, capacity, width }: { samples: readonly Sample[]; capacity: number; width: number }) {
  const last = samples.at(-1);
  const first = samples.at(0);
  if (!first || !last) return null;
  const span = Math.max(SHORTEST, last.at - first.at);
  const x = linear([last.at - span, last.at], [MARGIN.left, width - MARGIN.right]);
  const y = linear([0, capacity], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const stops = samples.map((sample): Stop => ({ x: x(sample.at), y: y(sample.bits), lines: [`${count(sample.bits)} bits`, ago(last.at - sample.at)] }));
  return (
    <Plot name="Measured bits waiting" sentence={sentenceOf(samples, capacity)} width={width} height={HEIGHT} stops={stops}>
      {[capacity, capacity / 2, 0].map((bits) => <Level key={bits} bits={bits} y={Math.round(y(bits)) + 0.5} width={width} />)}
      <path d={linePath(samples.map((sample) => [x(sample.at), y(sample.bits)]))} className="fill-none stroke-ink" strokeWidth={1.5} strokeLinejoin="round" />
      <circle cx={x(last.at)} cy={y(last.bits)} r={3.5} className="fill-ink" />
      <Times span={span} x={x} end={last.at} />
    </Plot>
  );
}

const Level = ({ bits, y, width }: { bits: number; y: number; width: number }) => (
  <g>
    <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y} y2={y} className={bits === 0 ? "stroke-control" : "stroke-line"} />
    <text x={MARGIN.left - 8} y={y + 4} textAnchor="end" className="numeric fill-muted">{thousands(bits)}</text>
  </g>
);

const Times = ({ span, x, end }: { span: number; x: Scale; end: number }) => (
  <g className="numeric fill-muted">
    <text x={x(end - span)} y={HEIGHT - 6} textAnchor="start">{ago(span)}</text>
    <text x={x(end - span / 2)} y={HEIGHT - 6} textAnchor="middle">{ago(span / 2)}</text>
    <text x={x(end)} y={HEIGHT - 6} textAnchor="end">now</text>
  </g>
);

const thousands = (bits: number): string => (bits === 0 ? "0" : bits >= 1e6 ? `${Number((bits / 1e6).toFixed(2))} M` : `${Math.round(bits / 1000)} k`);

const ago = (milliseconds: number): string => (milliseconds < 1000 ? "now" : `${duration(Math.round(milliseconds / 1000)).replace(".0", "")} ago`);

function sentenceOf(samples: readonly Sample[], capacity: number): string {
  const all = samples.map((sample) => sample.bits);
  return `Measured bits waiting, of ${count(capacity)}: ${count(all.at(-1) ?? 0)} now, between ${count(Math.min(...all))} and ${count(Math.max(...all))} since the page was opened.`;
}

const ROWS = 24;

/** The same as a table; of many samples, evenly chosen ones. */
export function levelTable(samples: readonly Sample[]): TableData {
  const end = samples.at(-1)?.at ?? 0;
  const step = Math.max(1, Math.ceil(samples.length / ROWS));
  const chosen = samples.toReversed().filter((_, index) => index % step === 0);
  return { caption: "Measured bits waiting", columns: ["When", "Bits"], rows: chosen.map((sample) => [ago(end - sample.at), count(sample.bits)]) };
}
