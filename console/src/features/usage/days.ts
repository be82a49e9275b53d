import type { Usage } from "@imageshield/client";
import { count, plural } from "@/lib/format.ts";
import { shortDay, type Day } from "@/ui/charts/index.ts";

export type View = "days" | "sum" | "calls";

export const VIEWS: { value: View; name: string; title: string; column: string }[] = [
  { value: "days", name: "Each day", title: "Encryptions a day", column: "Encryptions" },
  { value: "sum", name: "Sum", title: "Encryptions, added up", column: "Encryptions so far" },
  { value: "calls", name: "API", title: "Jobs by API a day", column: "Jobs by API" },
];

const ONE_DAY = 86_400_000;

/** `2026-11-29`, of a moment. */
export const dateOf = (at: Date): string => at.toISOString().slice(0, 10);

/** The day before a date: it is in the month before if the date begins one. */
export const dayBefore = (date: string): string => dateOf(new Date(Date.parse(`${date}T00:00:00Z`) - ONE_DAY));

/** The encryptions among the jobs of a day, which names no kind without a job. */
const encryptionsIn = (jobs: Partial<Record<string, number>>): number => jobs.encrypt ?? 0;

/** The days of the month as a view shows them; days that are still to come have no value. */
export function daysOf({ days }: Usage, view: View, today: string): Day[] {
  let sum = 0;
  return days.map(({ day, jobs, calls }) => {
    const encryptions = encryptionsIn(jobs);
    sum += encryptions;
    return { date: day, value: day > today ? null : { days: encryptions, sum, calls }[view] };
  });
}

/** `12 of 500; today 3`: what the month comes to. */
export function noteOf(usage: Usage, view: View, today: string): string {
  const now = usage.days.find(({ day }) => day === today);
  const { limit, used } = usage.encryptions;
  const [total, ofToday] = view === "calls" ? [plural(usage.calls, "job"), now?.calls] : [limit === null ? plural(used, "picture") : `${count(used)} of ${count(limit)}`, now && encryptionsIn(now.jobs)];
  return ofToday === undefined ? total : `${total}; today ${count(ofToday)} so far`;
}

/** `12 Nov – 11 Dec`. */
export const spanOf = ({ days }: Usage): string => (days.length === 0 ? "" : `${shortDay(days[0].day)} – ${shortDay(days[days.length - 1].day)}`);

/** What the jobs of the month were, the largest number first. */
export const kindsOf = ({ jobs }: Usage): { name: string; jobs: number }[] =>
  Object.entries(jobs).filter(([, number]) => number > 0).toSorted(([, one], [, other]) => other - one).map(([kind, number]) => ({ name: KINDS[kind] ?? kind, jobs: number }));

const KINDS: Record<string, string> = { encrypt: "encryptions", decrypt: "decryptions", analyze: "analyses", avalanche: "avalanche tests" };
