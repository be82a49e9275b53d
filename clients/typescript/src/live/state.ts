/** The state of a job or batch, as its messages add up. */

import type { Batch, Job } from "../service/types.ts";
import type { BatchState, ItemState, JobMessage, JobState, Message } from "./messages.ts";

export type State = JobState | BatchState;

const ENDED = new Set<string>(["completed", "failed", "cancelled"]);

export function isEnded({ status }: { status: string }): boolean {
  return ENDED.has(status);
}

/** Whether the state is one of a batch. */
export function isBatch(state: State): state is BatchState {
  return "items" in state;
}

/** Return the state after a message. A message that comes before any snapshot says nothing. */
export function applyMessage(state: State | null, message: Message): State | null {
  if (message.type === "snapshot") return message.payload;
  if (state === null) return null;
  if (message.job_id === undefined) return { ...(state as BatchState), ...message.payload };
  return isBatch(state) ? { ...state, items: state.items.map((item) => advance(item, message)) } : { ...state, ...changes(message) };
}

function advance(item: ItemState, message: JobMessage): ItemState {
  if (item.job_id !== message.job_id || message.seq <= item.seq) return item;
  const { status, progress, stage, error } = { ...item, ...changes(message) };
  return { ...item, status, progress, stage, error, seq: message.seq };
}

function changes(message: JobMessage): Partial<JobState> {
  switch (message.type) {
    case "snapshot":
      return message.payload;
    case "progress":
      return { ...message.payload, status: message.payload.stage === "queued" ? "pending" : "processing", error: null };
    case "completed":
      return { ...message.payload, status: "completed", stage: "completed", progress: 100 };
    case "error":
      return { ...message.payload, status: "failed" };
    case "cancelled":
      return { status: "cancelled" };
  }
}

/** The state that a job or batch shows when it is asked for. What only its messages know is taken over. */
export function stateOf(subject: Job | Batch, before: State | null): State {
  if (!("items" in subject)) {
    const { status, progress, stage, result_url, error } = subject;
    return { status, progress, stage, result_url, error };
  }
  const known = before !== null && isBatch(before) ? before.items : [];
  const { status, counts, result_url } = subject;
  return { status, counts, result_url, items: subject.items.map((item) => itemOf(item, known.find(({ index }) => index === item.index))) };
}

function itemOf({ index, job_id, status, error }: Batch["items"][number], known: ItemState | undefined): ItemState {
  if (known?.status === status) return { ...known, error };
  const progress = status === "completed" ? 100 : 0;
  return { index, job_id, status, progress, stage: status === "pending" ? "queued" : status, seq: known?.seq ?? 0, error };
}

/** The share of the work that is done, in percent. */
export function progressOf(state: State): { stage: string; progress: number } {
  if (!isBatch(state)) return { stage: state.stage, progress: state.progress };
  const done = state.items.reduce((sum, item) => sum + (isEnded(item) ? 100 : item.progress), 0);
  return { stage: state.status, progress: Math.floor(done / Math.max(1, state.items.length)) };
}
