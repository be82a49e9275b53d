import type { Job } from "@imageshield/client";
import { duration } from "@/lib/format.ts";
import type { Mark } from "@/lib/watch.ts";

/** Titles of a stage: before, while and after it runs. */
interface Words {
  todo: string;
  doing: string;
  done: string;
}

const WORDS: Partial<Record<string, Words>> = {
  queued: { todo: "Queue", doing: "Waiting for a worker", done: "Queued" },
  validating: { todo: "Check the file", doing: "Checking the file", done: "Checked the file" },
  generating_quantum_keys: { todo: "Draw the bits", doing: "Drawing the bits", done: "Drew the bits" },
  encrypting: { todo: "Encrypt", doing: "Encrypting", done: "Encrypted" },
  authenticating: { todo: "Authenticate", doing: "Authenticating", done: "Authenticated" },
  verifying: { todo: "Verify everything", doing: "Verifying everything", done: "Verified" },
  decrypting: { todo: "Decrypt", doing: "Decrypting", done: "Decrypted" },
  storing: { todo: "Store", doing: "Storing", done: "Stored" },
  analyzing: { todo: "Measure the result", doing: "Measuring the result", done: "Measured the result" },
};

const ENCRYPTION = ["queued", "validating", "generating_quantum_keys", "encrypting", "authenticating", "storing"];
const EXPORT = ["queued", "storing"];
const DECRYPTION = ["queued", "validating", "verifying", "decrypting", "storing"];

/** The stages of a job, in their order. One that is not known yet stands where it was seen. */
export function stagesOf(kind: Job["kind"], measured: boolean, seen: readonly Mark[] = []): string[] {
  const known = kind === "decrypt" ? DECRYPTION : kind === "export" ? EXPORT : [...ENCRYPTION, ...(measured ? ["analyzing"] : [])];
  const extra = seen.map(({ stage }) => stage).filter((stage) => stage !== "completed" && !known.includes(stage));
  return [...known, ...new Set(extra)];
}

export type StageState = "done" | "active" | "waiting" | "failed";

export interface Stage {
  name: string;
  title: string;
  state: StageState;
  /** Seconds, where this page has seen it begin. */
  seconds: number | null;
}

/** What a stage is at the moment, with the time that this page has measured. */
export function stagesAt(order: readonly string[], current: string, marks: readonly Mark[], now: number, failed = false): Stage[] {
  const at = current === "completed" ? order.length : order.indexOf(current);
  return order.map((name, index) => {
    const state: StageState = index < at ? "done" : index > at ? "waiting" : failed ? "failed" : "active";
    return { name, title: titleOf(name, state), state, seconds: secondsIn(name, marks, now) };
  });
}

/** The words for a stage. */
export function titleOf(name: string, state: StageState): string {
  const words = WORDS[name];
  if (!words) return name.replaceAll("_", " ");
  return state === "done" ? words.done : state === "waiting" ? words.todo : words.doing;
}

function secondsIn(name: string, marks: readonly Mark[], now: number): number | null {
  const index = marks.findIndex((mark) => mark.stage === name);
  const mark = marks.at(index);
  if (index < 0 || !mark) return null;
  // What ran before the page was opened has no beginning here.
  if (index === 0 && name !== "queued") return null;
  return ((marks.at(index + 1)?.at ?? now) - mark.at) / 1000;
}

/** The time of a stage in words; none of one that was over before a clock could tell. */
export const timeOf = (seconds: number | null): string | null => (seconds === null || seconds < 0.0005 ? null : duration(seconds));
