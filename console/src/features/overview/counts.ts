import type { Trends } from "@imageshield/client";
import { day, duration, plural } from "@/lib/format.ts";

type Day = Trends["days"][number];

export interface MonthFigures {
  /** "November". */
  month: string;
  encrypted: number;
  note: string;
  /** Completed encryptions of the last 30 days, today last. */
  daily: number[];
}

const sum = (days: readonly Day[], of: (day: Day) => number): number => days.reduce((total, one) => total + of(one), 0);
const completed = ({ encryptions }: Day): number => encryptions.completed;

/** `2026-11` of `2026-11-29`. The days of the service are days of UTC. */
const monthOf = (date: string): string => date.slice(0, 7);
const monthName = (date: string): string => new Date(`${date}T00:00:00Z`).toLocaleDateString("en-GB", { month: "long", timeZone: "UTC" });

/** The first day that must be asked for: of the month before. */
export function firstDay(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 10);
}

export function monthFigures(days: readonly Day[]): MonthFigures | null {
  const today = days.at(-1);
  if (!today) return null;
  const isNow = (one: Day): boolean => monthOf(one.date) === monthOf(today.date);
  const encrypted = sum(days.filter(isNow), completed);
  const before = days.filter((one) => !isNow(one));
  const earlier = sum(before, completed);
  const note = earlier === 0 ? `${plural(completed(today), "picture")} today` : `${monthName(before.at(-1)?.date ?? today.date)}: ${earlier.toLocaleString("en-GB")}`;
  return { month: monthName(today.date), encrypted, note, daily: days.slice(-30).map(completed) };
}

/** The median time of the last day on which something was encrypted. */
export function lastMedian(days: readonly Day[]): { value: string; note: string } | null {
  const last = days.findLast((one) => one.encryptions.duration_ms !== null);
  if (last?.encryptions.duration_ms == null) return null;
  const when = last === days.at(-1) ? "today" : `on ${day(new Date(`${last.date}T12:00:00`)).replace(/ \d{4}$/, "")}`;
  return { value: duration(last.encryptions.duration_ms / 1000), note: `of ${plural(last.encryptions.completed, "encryption")} ${when}` };
}

export function lastFailures(days: readonly Day[], count = 7): { failed: number; of: number } {
  const week = days.slice(-count);
  return { failed: sum(week, ({ encryptions }) => encryptions.failed), of: sum(week, ({ encryptions }) => encryptions.jobs) };
}
