/** The dedicated worker of one task. The page ends it after the last report. */

import { faultOf } from "./failures.ts";
import { memoryOf, perform } from "./perform.ts";
import type { Report, Task } from "./tasks.ts";

const page = globalThis as unknown as DedicatedWorkerGlobalScope;

function report(message: Report, memory: Transferable[] = []): void {
  page.postMessage(message, memory);
}

page.onmessage = ({ data }: MessageEvent<Task>) => {
  perform(data, { onProgress: (step) => { report({ step }); } }).then(
    (outcome) => { report({ outcome }, memoryOf(outcome)); },
    (error: unknown) => { report({ fault: faultOf(error) }); },
  );
};
