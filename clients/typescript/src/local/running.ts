/** Running a task: in a worker of its own, or inline in a program. */

import { faultOf, LocalFailure } from "./failures.ts";
import type { Outcome, Report, Step, Task } from "./tasks.ts";

export interface RunOptions {
  /** Ends the work at once and gives its memory back. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { stage: string; progress: number }) => void) | undefined;
  /** Makes the worker, where the page's own build places it elsewhere than beside this module. */
  worker?: (() => Worker) | undefined;
}

/** Why nothing can be decrypted or encrypted on this page; null if it can. */
export function localObstacle(): "insecure-context" | null {
  // Browsers hide it on pages that are neither https nor localhost, which the types do not know.
  return (globalThis.crypto as Partial<Crypto> | undefined)?.subtle === undefined ? "insecure-context" : null;
}

/** Run a task. Throws LocalFailure, or the reason of the signal. */
export async function run(task: Task, options: RunOptions): Promise<Outcome> {
  options.signal?.throwIfAborted();
  const code = localObstacle();
  if (code !== null) throw new LocalFailure({ code, failure: null, detail: "" });
  if (options.worker !== undefined) return runInWorker(task, options.worker(), options);
  if (typeof Worker === "undefined") return runInline(task, options);
  return runInWorker(task, new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" }), options);
}

function runInWorker(task: Task, worker: Worker, { signal, onProgress }: RunOptions): Promise<Outcome> {
  return new Promise<Outcome>((resolve, reject) => {
    const stop = () => { reject(signal?.reason as Error); };
    signal?.addEventListener("abort", stop, { once: true });
    const fail = (detail: string) => { reject(new LocalFailure({ code: "worker-failed", failure: null, detail })); };
    worker.onerror = ({ message }) => { fail(message); };
    worker.onmessageerror = () => { fail("A message could not be read"); };
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if ("step" in data) onProgress?.(share(data.step));
      else if ("outcome" in data) resolve(data.outcome);
      else reject(new LocalFailure(data.fault));
    };
    worker.postMessage(task);
  }).finally(() => { worker.terminate(); });
}

async function runInline(task: Task, { signal, onProgress }: RunOptions): Promise<Outcome> {
  const { perform } = await import("./perform.ts");
  try {
    return await perform(task, { signal, onProgress: (step) => onProgress?.(share(step)) });
  } catch (error) {
    signal?.throwIfAborted();
    throw new LocalFailure(faultOf(error));
  }
}

function share({ stage, done, total }: Step): { stage: string; progress: number } {
  return { stage, progress: total === 0 ? 0 : Math.floor((100 * done) / total) };
}
