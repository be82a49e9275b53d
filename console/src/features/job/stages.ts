import type { Job } from "@imageshield/client";
import { Ban, Binary, ChartArea, Clock, FileCheck2, HardDrive, KeyRound, Lock, LockOpen, RotateCw, ShieldCheck, X, type LucideIcon } from "lucide-react";
import { secondsBetween } from "@/lib/jobs.ts";
import type { StageTone, TimelineAttempt, TimelineStage } from "@/ui/charts/index.ts";

const LOOKS: Record<string, { name: string; icon: LucideIcon; tone?: StageTone }> = {
  validating: { name: "Check", icon: FileCheck2 },
  generating_quantum_keys: { name: "Draw bits", icon: Binary },
  encrypting: { name: "Encrypt", icon: Lock, tone: "iris" },
  authenticating: { name: "Authenticate", icon: ShieldCheck, tone: "iris" },
  unlocking: { name: "Open the key", icon: KeyRound },
  verifying: { name: "Verify", icon: ShieldCheck, tone: "amber" },
  decrypting: { name: "Decrypt", icon: LockOpen, tone: "amber" },
  storing: { name: "Fetch and store", icon: HardDrive },
  analyzing: { name: "Measure", icon: ChartArea },
};
const ORDER = Object.keys(LOOKS);

/** Milliseconds of each stage of the last attempt, as the worker measured them; the rest of the time is fetching and storing. */
function timingsOf({ metrics }: Job): [string, number][] {
  const timings = metrics?.timings_ms;
  if (typeof timings !== "object" || timings === null) return [];
  return Object.entries(timings).filter((entry): entry is [string, number] => typeof entry[1] === "number" && ORDER.includes(entry[0]));
}

/** The stages of an ended job along seconds since it was made. Of earlier attempts nothing but their time together is known. */
export function attemptsOf(job: Job): TimelineAttempt[] {
  if (job.completed_at === null) return [];
  const claimed = job.started_at === null ? null : secondsBetween(job.created_at, job.started_at);
  const end = secondsBetween(job.created_at, job.completed_at);
  const queued: TimelineStage = { name: "Wait", icon: Clock, from: 0, to: claimed ?? end };
  if (claimed === null) return [{ name: attemptName(job), stages: [queued] }];
  return [{ name: attemptName(job), stages: [queued, ...workOf(job, claimed, end)] }];
}

function workOf(job: Job, claimed: number, end: number): TimelineStage[] {
  if (job.status === "failed") return [{ name: "Failed", icon: X, from: claimed, to: end, tone: "bad" }];
  if (job.status === "cancelled") return [{ name: "Cancelled", icon: Ban, from: claimed, to: end }];
  const timings = timingsOf(job);
  const rest = Math.max(0, end - claimed - timings.reduce((sum, [, ms]) => sum + ms, 0) / 1000);
  if (isRepeated(job)) return [{ name: "Earlier attempts", icon: RotateCw, from: claimed, to: claimed + rest, tone: "bad" }, ...inOrder(timings, claimed + rest)];
  return inOrder([...timings, ["storing", rest * 1000]], claimed);
}

function inOrder(timings: [string, number][], start: number): TimelineStage[] {
  let at = start;
  return timings
    .toSorted(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other))
    .map(([stage, ms]) => {
      const from = at;
      at += ms / 1000;
      return { ...LOOKS[stage], from, to: at };
    });
}

export const isRepeated = (job: Job): boolean => job.attempts > 1 || job.retries > 0;

const attemptName = (job: Job): string => (isRepeated(job) ? `Attempt ${Math.max(job.attempts, 1)}` : "Stages");
