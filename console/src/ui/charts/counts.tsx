import { count, percent } from "@/lib/format.ts";
import type { TableData } from "@/ui/charts/data-table.tsx";
import { Plot } from "@/ui/charts/plot.tsx";
import { linear, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

export interface Outcome {
  /** In monospace at the left: "000". */
  label: string;
  count: number;
  /** What is expected; a dashed line. */
  expected?: number | undefined;
}

const PITCH = 29;
const BAR = 18;
const NUMBERS = 116;

/** How often each outcome was counted: a bar in ink, its end, and the dashed expectation. */
export function Counts({ outcomes, name = "Counts", unit = "shots" }: { outcomes: Outcome[]; name?: string; unit?: string }) {
  return <Sized>{(width) => <Drawing outcomes={outcomes} name={name} unit={unit} width={width} />}</Sized>;
}

function Drawing({ outcomes, name, unit, width }: { outcomes: Outcome[]; name: string; unit: string; width: number }) {
  const total = totalOf(outcomes);
  const left = Math.min(width / 3, Math.max(...outcomes.map((outcome) => outcome.label.length), 1) * 7.3 + 16);
  const most = Math.max(1, ...outcomes.map((outcome) => Math.max(outcome.count, outcome.expected ?? 0)));
  const x = linear([0, most], [left, width - NUMBERS - 8]);
  const middle = (row: number) => row * PITCH + PITCH / 2;
  const stops = outcomes.map((outcome, row) => ({ x: x(outcome.count), y: middle(row), lines: linesOf(outcome, total, unit) }));
  return (
    <Plot name={name} sentence={countsSentence(outcomes, unit)} width={width} height={outcomes.length * PITCH} stops={stops}>
      {outcomes.map((outcome, row) => <Row key={outcome.label} outcome={outcome} total={total} x={x} y={middle(row)} width={width} />)}
    </Plot>
  );
}

function Row({ outcome, total, x, y, width }: { outcome: Outcome; total: number; x: Scale; y: number; width: number }) {
  const end = x(outcome.count);
  return (
    <g>
      <text x={0} y={y + 4} className={`font-mono ${outcome.count > 0 ? "fill-ink" : "fill-muted"}`}>{outcome.label}</text>
      {outcome.count > 0 && <rect x={x(0)} y={y - BAR / 2} width={end - x(0)} height={BAR} rx={2} className="fill-ink/26" />}
      {outcome.count > 0 && <line x1={end - 1} x2={end - 1} y1={y - BAR / 2} y2={y + BAR / 2} className="stroke-ink" strokeWidth={2} />}
      {outcome.expected !== undefined && <line x1={x(outcome.expected)} x2={x(outcome.expected)} y1={y - 12} y2={y + 12} className="stroke-ink" strokeDasharray="3 2" />}
      <text x={width - NUMBERS / 2} y={y + 4} textAnchor="end" className="numeric fill-ink">{count(outcome.count)}</text>
      <text x={width} y={y + 4} textAnchor="end" className="numeric fill-muted">{share(outcome, total)}</text>
    </g>
  );
}

const totalOf = (outcomes: readonly Outcome[]): number => outcomes.reduce((sum, outcome) => sum + outcome.count, 0);

const share = (outcome: Outcome, total: number): string => (total === 0 ? "–" : percent(outcome.count / total, 1));

function linesOf(outcome: Outcome, total: number, unit: string): string[] {
  const lines = [`${outcome.label}: ${count(outcome.count)} of ${count(total)} ${unit}, ${share(outcome, total)}`];
  return outcome.expected === undefined ? lines : [...lines, `expected ${count(Math.round(outcome.expected))}`];
}

export const countsSentence = (outcomes: readonly Outcome[], unit = "shots"): string =>
  `Counts of ${count(totalOf(outcomes))} ${unit}. ${outcomes.filter((outcome) => outcome.count > 0).map((outcome) => `${outcome.label}: ${count(outcome.count)}`).join(", ")}${outcomes.some((outcome) => outcome.count === 0) ? "; the others: none" : ""}.`;

/** The same as a table, for a `ChartCard`. */
export function countsTable(outcomes: readonly Outcome[]): TableData {
  const total = totalOf(outcomes);
  return {
    caption: "Counts of each outcome",
    columns: ["Outcome", "Counted", "Expected", "Share"],
    rows: outcomes.map((outcome) => [outcome.label, count(outcome.count), outcome.expected === undefined ? "–" : count(Math.round(outcome.expected)), share(outcome, total)]),
  };
}
