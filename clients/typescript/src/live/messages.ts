/** Messages about a job or a batch, as docs/reference/api.md, Following a job, defines them. */

import type { Counts, Job, JobError } from "../service/types.ts";

export type Status = Job["status"];

export interface JobState {
  status: Status;
  progress: number;
  stage: string;
  result_url: string | null;
  error: JobError | null;
}

export interface ItemState {
  index: number;
  job_id: string | null;
  status: Status;
  progress: number;
  stage: string;
  seq: number;
  error: JobError | null;
}

export interface BatchState {
  status: "processing" | "completed" | "failed" | "cancelled";
  counts: Counts;
  result_url: string | null;
  items: ItemState[];
}

interface OfJob {
  job_id: string;
  seq: number;
  /** Of a job that belongs to the followed batch. */
  batch_id?: string;
}

export type JobMessage =
  | (OfJob & { type: "snapshot"; payload: JobState })
  | (OfJob & { type: "progress"; payload: { progress: number; stage: string } })
  | (OfJob & { type: "completed"; payload: { result_url: string | null } })
  | (OfJob & { type: "error"; payload: { error: JobError } })
  | (OfJob & { type: "cancelled"; payload: object });

interface OfBatch {
  batch_id: string;
  job_id?: undefined;
}

export type BatchMessage =
  | (OfBatch & { type: "snapshot"; payload: BatchState })
  | (OfBatch & { type: "batch"; payload: Pick<BatchState, "status" | "counts"> })
  | (OfBatch & { type: "completed"; payload: Omit<BatchState, "items"> });

export type Message = JobMessage | BatchMessage;

/** Parse a message; null if the text is none, or of a type that this release does not know. */
export function parseMessage(text: string): Message | null {
  try {
    const value = JSON.parse(text) as Partial<Message> | null;
    return isMessage(value) ? value : null;
  } catch {
    return null;
  }
}

const TYPES = new Set(["snapshot", "progress", "completed", "error", "cancelled", "batch"]);

function isMessage(value: Partial<Message> | null): value is Message {
  if (typeof value !== "object" || value === null || !TYPES.has(value.type ?? "")) return false;
  if (typeof value.payload !== "object") return false;
  return typeof value.job_id === "string" ? "seq" in value && Number.isSafeInteger(value.seq) : typeof value.batch_id === "string";
}
