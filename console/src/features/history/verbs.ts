import type { Job } from "@imageshield/client";
import { isOpen } from "@/lib/jobs.ts";

export type Verb = "retry" | "cancel" | "delete";

const FITS: Record<Verb, (job: Job) => boolean> = {
  retry: (job) => job.status === "failed",
  cancel: (job) => isOpen(job) && !job.cancel_requested,
  delete: (job) => !isOpen(job),
};

/** The jobs of a selection that a verb can act on. */
export const fitting = (verb: Verb, jobs: Job[]): Job[] => jobs.filter(FITS[verb]);
