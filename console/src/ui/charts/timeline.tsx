import type { LucideIcon } from "lucide-react";
import { duration } from "@/lib/format.ts";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { linear, ticks, type Scale } from "@/ui/charts/scale.ts";
import type { TableData } from "@/ui/charts/data-table.tsx";
import { Sized } from "@/ui/charts/width.tsx";

export type StageTone = "plain" | "iris" | "amber" | "bad";

/** A stage of work; times are seconds since the job was made. */
export interface TimelineStage {
  name: string;
  icon: LucideIcon;
  from: number;
  to: number;
  /** `iris` makes the encrypted picture, `amber` gives yours back, `bad` is where it broke. */
  tone?: StageTone;
}

export interface TimelineAttempt {
  /** "Attempt 2". */
  name: string;
  stages: TimelineStage[];
  /** Right of the last bar: "worker stopped, lease ran out". */
  note?: string;
}

const BAR = 28;
const PITCH = 56;
const AXIS = 40;
/** Narrower stages have an icon, and their name is in the key below. */
const NAMED = 44;
const ICON = 14;

const BARS: Record<StageTone, string> = { plain: "fill-raised stroke-control", iris: "fill-iris-tint stroke-iris", amber: "fill-amber-tint stroke-amber", bad: "fill-bad-tint stroke-bad" };
const WORDS: Record<StageTone, string> = { plain: "fill-muted", iris: "fill-iris", amber: "fill-amber", bad: "fill-bad" };
const ICONS: Record<StageTone, string> = { plain: "text-muted", iris: "text-iris", amber: "text-amber", bad: "text-bad" };

/** Stages and attempts of a job along one axis of seconds. */
export function Timeline({ attempts, name = "Timeline" }: { attempts: TimelineAttempt[]; name?: string }) {
  return <Sized>{(width) => <Drawing attempts={attempts} name={name} width={width} />}</Sized>;
}

function Drawing({ attempts, name, width }: { attempts: TimelineAttempt[]; name: string; width: number }) {
  const end = endOf(attempts);
  const left = width < 480 ? 0 : 82;
  // On phones the name of an attempt stands above its bar.
  const top = (row: number) => row * PITCH + (left === 0 ? 20 : 4);
  const x = linear([0, end], [left + 1, width - 20]);
  const height = top(attempts.length - 1) + BAR + AXIS;
  return (
    <>
      <Plot name={name} sentence={sentenceOf(attempts)} width={width} height={height} stops={stopsOf(attempts, x, top)}>
        {attempts.map((attempt, row) => <Row key={row} attempt={attempt} x={x} y={top(row)} above={left === 0} />)}
        <SecondsAxis x={x} end={end} y={height - AXIS + 6} width={width} />
      </Plot>
      <Key stages={attempts.flatMap((attempt) => attempt.stages).filter((stage) => !isNamed(stage, x))} indent={left} />
    </>
  );
}

function Row({ attempt, x, y, above }: { attempt: TimelineAttempt; x: Scale; y: number; above: boolean }) {
  const last = attempt.stages.at(-1);
  return (
    <>
      <text x={0} y={above ? y - 7 : y + 18} className="fill-ink font-medium">{attempt.name}</text>
      {attempt.stages.map((stage, index) => <Bar key={index} stage={stage} x={x} y={y} />)}
      {attempt.note && last && <text x={x(last.to) + 8} y={y + 18} className={WORDS[last.tone ?? "plain"]}>{attempt.note}</text>}
    </>
  );
}

function Bar({ stage, x, y }: { stage: TimelineStage; x: Scale; y: number }) {
  const [start, width] = [x(stage.from), widthOf(stage, x)];
  const tone = stage.tone ?? "plain";
  const Icon = stage.icon;
  return (
    <>
      <rect x={start + 0.5} y={y + 0.5} width={Math.max(1, width - 2)} height={BAR - 1} rx={Math.min(4, width / 2)} className={BARS[tone]} />
      {isNamed(stage, x) && <text x={start + 8} y={y + 18} className={`font-medium ${WORDS[tone]}`}>{stage.name}</text>}
      {!isNamed(stage, x) && width >= ICON + 4 && <Icon x={start + (width - 1 - ICON) / 2} y={y + (BAR - ICON) / 2} width={ICON} height={ICON} strokeWidth={1.75} className={ICONS[tone]} />}
    </>
  );
}

function SecondsAxis({ x, end, y, width }: { x: Scale; end: number; y: number; width: number }) {
  const all = ticks(0, end, width < 480 ? 3 : 5);
  const step = all[1] ?? end;
  const halves = all.map((tick) => tick + step / 2).filter((tick) => tick <= end);
  return (
    <g className="stroke-control">
      <line x1={x(0)} x2={x(end)} y1={y} y2={y} />
      {halves.map((tick) => <line key={tick} x1={x(tick)} x2={x(tick)} y1={y} y2={y + 3} />)}
      {all.map((tick) => <line key={tick} x1={x(tick)} x2={x(tick)} y1={y} y2={y + 6} />)}
      {all.map((tick) => <text key={tick} x={x(tick)} y={y + 20} textAnchor={tick === 0 ? "start" : x(tick) > width - 24 ? "end" : "middle"} className="numeric fill-muted stroke-none">{secondsOf(tick, step)}</text>)}
    </g>
  );
}

function Key({ stages, indent }: { stages: TimelineStage[]; indent: number }) {
  const once = stages.filter((stage, index) => stages.findIndex((other) => other.name === stage.name) === index);
  if (once.length === 0) return null;
  return (
    <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-caption text-muted" style={{ paddingLeft: indent }}>
      {once.map(({ icon: Icon, name }) => <li key={name} className="inline-flex items-center gap-1.5"><Icon aria-hidden className="size-3.5" strokeWidth={1.75} />{name}</li>)}
    </ul>
  );
}

const widthOf = (stage: TimelineStage, x: Scale): number => Math.max(3, x(stage.to) - x(stage.from));

function isNamed(stage: TimelineStage, x: Scale): boolean {
  const width = widthOf(stage, x);
  return width >= NAMED && width >= stage.name.length * 6.6 + 16;
}

const secondsOf = (tick: number, step: number): string => (step < 0.1 ? `${Math.round(tick * 1000)} ms` : `${Number(tick.toFixed(2))} s`);

const endOf = (attempts: TimelineAttempt[]): number => Math.max(1e-3, ...attempts.flatMap((attempt) => attempt.stages.map((stage) => stage.to)));

function stopsOf(attempts: TimelineAttempt[], x: Scale, top: (row: number) => number): Stop[] {
  return attempts.flatMap((attempt, row) =>
    attempt.stages.map((stage) => ({
      x: (x(stage.from) + x(stage.to)) / 2,
      y: top(row) + BAR / 2,
      lines: [`${stage.name}, ${duration(stage.to - stage.from)}`, attempts.length > 1 ? `${attempt.name}, from ${duration(stage.from)} on` : `from ${duration(stage.from)} on`],
    })),
  );
}

export const sentenceOf = (attempts: TimelineAttempt[]): string =>
  attempts.map((attempt) => `${attempt.name}: ${attempt.stages.map((stage) => `${stage.name} ${duration(stage.to - stage.from)}`).join(", ")}${attempt.note ? `; ${attempt.note}` : ""}.`).join(" ");

/** The same as a table, for a `ChartCard`. */
export const timelineTable = (attempts: TimelineAttempt[]): TableData => ({
  caption: "Stages of each attempt",
  columns: ["Stage", "Attempt", "Begins after", "Takes"],
  rows: attempts.flatMap((attempt) => attempt.stages.map((stage) => [stage.name, attempt.name, duration(stage.from), duration(stage.to - stage.from)])),
});
