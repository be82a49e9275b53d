import type { Trends } from "@imageshield/client";
import { count } from "@/lib/format.ts";
import type { Day } from "@/ui/charts/index.ts";

type TrendDay = Trends["days"][number];

export interface Measure {
  key: "chi_square_p" | "npcr" | "uaci";
  short: string;
  title: string;
  note: string;
  /** What noise gives; of the shares, for samples of 8 bits. */
  expected: number;
  noise: string;
  /** The least distance of the axis' ends from it. */
  reach: number;
  write: (value: number) => string;
}

const share = (value: number): string => `${value.toFixed(3)} %`;

export const MEASURES: Measure[] = [
  { key: "chi_square_p", short: "Histogram", title: "p of the histogram", note: "Chi-square, median of the day. Of noise every p from 0 to 1 is equally likely.", expected: 0.5, noise: "noise: 0.5 in the long run", reach: 0.5, write: (value) => value.toFixed(2) },
  { key: "npcr", short: "NPCR", title: "Share that differs between two encryptions", note: "NPCR, median of the day", expected: 25500 / 256, noise: "noise of 8-bit samples: 99.6094 %", reach: 0.02, write: share },
  { key: "uaci", short: "UACI", title: "By how much two encryptions differ", note: "UACI, median of the day", expected: 25700 / 768, noise: "noise of 8-bit samples: 33.4635 %", reach: 0.08, write: share },
];

/** One number of each day. */
export const daysOf = (days: readonly TrendDay[], value: (day: TrendDay) => number | null, failed?: (day: TrendDay) => number): Day[] =>
  days.map((day) => ({ date: day.date, value: value(day), ...(failed && { failed: failed(day) }) }));

/** Ends of the axis at the same distance from what noise gives, so that the dashed line is in the middle. */
export function rangeOf({ expected, reach }: Measure, days: readonly Day[]): [number, number] {
  const far = Math.max(reach, ...days.map((day) => (day.value === null ? 0 : Math.abs(day.value - expected) * 1.1)));
  return [expected - far, expected + far];
}

export function medianOf(days: readonly Day[]): number | null {
  const values = days.flatMap((day) => day.value ?? []).sort((one, other) => one - other);
  if (values.length === 0) return null;
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

export interface Summary {
  jobs: number;
  completed: number;
  failed: number;
  analyses: number;
  /** "12 A, 1 C". */
  letters: string;
}

export function summaryOf(days: readonly TrendDay[]): Summary {
  const sum = (value: (day: TrendDay) => number) => days.reduce((total, day) => total + value(day), 0);
  const names = [...new Set(days.flatMap((day) => Object.keys(day.letters)))].sort();
  return {
    jobs: sum((day) => day.encryptions.jobs),
    completed: sum((day) => day.encryptions.completed),
    failed: sum((day) => day.encryptions.failed),
    analyses: sum((day) => day.analyses),
    letters: names.map((name) => `${count(sum((day) => day.letters[name] ?? 0))} ${name}`).join(", "),
  };
}

const DAY = 86_400_000;

/** The first day of a period that ends today; days are days of UTC. */
export const firstDay = (days: number, now = new Date()): string => new Date(now.getTime() - (days - 1) * DAY).toISOString().slice(0, 10);
