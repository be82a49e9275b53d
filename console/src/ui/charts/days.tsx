import type { TableData } from "@/ui/charts/data-table.tsx";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { linear, linePath, niceStep, ticks, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

export interface Day {
  /** "2026-11-29". */
  date: string;
  /** Null: nothing was measured that day. */
  value: number | null;
  /** A part of the value that failed; stands on top, in the color of failures. */
  failed?: number;
}

interface Props {
  name: string;
  days: Day[];
  as: "bars" | "line";
  /** A value as it is read: "184 ms". */
  format: (value: number) => string;
  /** What noise would give: a dashed line with its word. */
  expected?: { value: number; text: string };
  /** Ends of the axis, if not zero and a round value above the highest day. */
  range?: [number, number];
  height?: number;
  /** The date of a bar that is drawn in full, with its number above: today. */
  marked?: string;
  /** What a day without a value is: "still to come". */
  empty?: string;
}

const MARGIN = { left: 56, right: 8, top: 12, bottom: 26 };

/** One number a day, in ink: bars where it is a count, a line where it is a measure. */
export function Days(props: Props) {
  return <Sized>{(width) => <Drawing {...props} width={width} />}</Sized>;
}

function Drawing({ name, days, as, format, expected, range, height = 180, marked, empty, width }: Props & { width: number }) {
  const base = height - MARGIN.bottom;
  const [start, end] = range ?? [0, endOf(days, expected?.value ?? 0)];
  const left = linear([0, days.length], [MARGIN.left, width - MARGIN.right]);
  const y = linear([start, end], [base, MARGIN.top]);
  const middle = (index: number) => left(index + 0.5);
  const lines = ticks(start, end, 3).filter((tick) => as === "line" || Number.isInteger(tick));
  const stops = days.map((day, index): Stop => ({ x: middle(index), lines: linesOf(day, format, empty) }));
  return (
    <Plot name={name} sentence={daysSentence(name, days, format)} width={width} height={height} stops={stops} span={[MARGIN.top, base]}>
      {lines.map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={Math.round(y(tick)) + 0.5} y2={Math.round(y(tick)) + 0.5} className={tick === start ? "stroke-control" : "stroke-line"} />
          <text x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end" className="numeric fill-muted">{format(tick)}</text>
        </g>
      ))}
      {as === "bars" ? <Bars days={days} left={left} y={y} marked={marked} format={format} /> : <Line days={days} x={middle} y={y} />}
      {expected && <Expected y={y(expected.value)} text={expected.text} ends={[MARGIN.left, width - MARGIN.right]} />}
      <Dates days={days} left={left} y={height - 6} />
    </Plot>
  );
}

function Bars({ days, left, y, marked, format }: { days: Day[]; left: Scale; y: Scale; marked: string | undefined; format: (value: number) => string }) {
  const gap = left(1) - left(0) > 6 ? 2 : 0.5;
  return days.map((day, index) => {
    if (!day.value) return null;
    const [x, width, top] = [left(index) + gap / 2, left(1) - left(0) - gap, y(day.value)];
    return (
      <g key={day.date}>
        <rect x={x} y={top} width={width} height={y(0) - top} className={day.date === marked ? "fill-ink" : "fill-ink/26"} />
        <rect x={x} y={top} width={width} height={2} className="fill-ink" />
        {day.date === marked && <text x={x + width / 2} y={top - 4} textAnchor="middle" className="numeric fill-ink font-medium">{format(day.value)}</text>}
        {day.failed ? <rect x={x} y={top} width={width} height={Math.max(2, y(0) - y(day.failed))} className="fill-bad" /> : null}
      </g>
    );
  });
}

function Line({ days, x, y }: { days: Day[]; x: Scale; y: Scale }) {
  const points = days.map((day, index): [number, number] | null => (day.value === null ? null : [x(index), y(day.value)]));
  return (
    <>
      <path d={linePath(points)} className="fill-none stroke-ink" strokeWidth={1.6} strokeLinejoin="round" />
      {points.map((point, index) => point && (isAlone(points, index) || index === points.length - 1) && <circle key={index} cx={point[0]} cy={point[1]} r={2.5} className="fill-ink" />)}
    </>
  );
}

/** A day between days without a value has no line; it shows as a dot. */
const isAlone = (points: (readonly [number, number] | null)[], index: number): boolean => !points[index - 1] && !points[index + 1];

const Expected = ({ y, text, ends: [start, end] }: { y: number; text: string; ends: [number, number] }) => (
  <>
    <line x1={start} x2={end} y1={y} y2={y} className="stroke-ink" strokeDasharray="4 3" />
    <text x={start + 6} y={y - 5} strokeWidth={3} paintOrder="stroke" className="fill-muted stroke-surface">{text}</text>
  </>
);

function Dates({ days, left, y }: { days: Day[]; left: Scale; y: number }) {
  const last = days.length - 1;
  const shown = last < 2 ? [0, last] : [0, Math.round(last / 2), last];
  return [...new Set(shown)].map((index) => (
    <text key={index} x={index === 0 ? left(0) : index === last ? left(last + 1) : left(index + 0.5)} y={y} textAnchor={index === 0 ? "start" : index === last ? "end" : "middle"} className="numeric fill-muted">{shortDay(days[index].date)}</text>
  ));
}

function endOf(days: readonly Day[], expected: number): number {
  const most = Math.max(expected, ...days.map((day) => day.value ?? 0));
  const step = niceStep(most, 3);
  return most > 0 ? Math.ceil(most / step - 1e-9) * step : 1;
}

/** `29 Nov`. The days are days of UTC. */
export const shortDay = (date: string): string => new Date(`${date}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function linesOf(day: Day, format: (value: number) => string, empty = "nothing measured"): string[] {
  const lines = [shortDay(day.date), day.value === null ? empty : format(day.value)];
  return day.failed ? [...lines, `${format(day.failed)} of them failed`] : lines;
}

export function daysSentence(name: string, days: readonly Day[], format: (value: number) => string): string {
  const values = days.flatMap((day) => day.value ?? []);
  const period = days.length === 0 ? "" : ` from ${shortDay(days[0].date)} to ${shortDay(days[days.length - 1].date)}`;
  if (values.length === 0) return `${name}: nothing${period}.`;
  return `${name}${period}: between ${format(Math.min(...values))} and ${format(Math.max(...values))}.`;
}

export const daysTable = (caption: string, column: string, days: readonly Day[], format: (value: number) => string): TableData => {
  const failures = days.some((day) => day.failed);
  return {
    caption,
    columns: ["Day (UTC)", column, ...(failures ? ["Failed"] : [])],
    rows: days.map((day) => [shortDay(day.date), day.value === null ? "–" : format(day.value), ...(failures ? [format(day.failed ?? 0)] : [])]),
  };
};
