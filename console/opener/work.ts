/** What the page and its worker say to each other. */

import worker from "virtual:worker";

export interface Task {
  readonly image: ArrayBuffer;
  readonly keyFile: ArrayBuffer;
  readonly material: ArrayBuffer | undefined;
  readonly header: ArrayBuffer | undefined;
  readonly password: string;
  readonly identities: readonly string[];
}

export interface Step {
  readonly kind: "step";
  readonly stage: string;
  /** Between 0 and 1; null where the stage has no measure. */
  readonly share: number | null;
}

export interface Opened {
  readonly kind: "opened";
  readonly data: ArrayBuffer;
  readonly name: string;
  readonly mediaType: string;
}

export interface Failed {
  readonly kind: "failed";
  readonly code: string;
  readonly detail: string;
}

export type Answer = Step | Opened | Failed;

/** Decrypts in a worker, so that the page stays responsive. The worker, and all it held, ends with the answer. */
export function run(task: Task, onStep: (step: Step) => void): Promise<Opened | Failed> {
  const address = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
  const working = new Worker(address);
  return new Promise<Opened | Failed>((resolve) => {
    working.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === "step") onStep(data);
      else resolve(data);
    };
    working.onerror = ({ message }) => {
      resolve({ kind: "failed", code: "internal", detail: message || "The worker did not start" });
    };
    const buffers = [task.image, task.keyFile, task.material, task.header];
    working.postMessage(task, buffers.filter((one) => one !== undefined));
  }).finally(() => {
    working.terminate();
    URL.revokeObjectURL(address);
  });
}
