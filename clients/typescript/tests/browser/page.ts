/** A page without anything to see: it does the tasks of its driver, each in a new worker, and sends the answers. */

import type { Answer, Task } from "./tasks.ts";

const TICK_MS = 5;

function ask(task: Task): Promise<Answer> {
  const worker = new Worker("worker.js", { type: "module" });
  const clock = new Clock();
  return new Promise((resolve) => {
    const end = (answer: { value: unknown } | { error: string }) => {
      worker.terminate();
      resolve("error" in answer ? answer : { ...answer, longestPause: clock.stop() });
    };
    worker.onmessage = ({ data }: MessageEvent<{ value: unknown } | { error: string }>) => { end(data); };
    worker.onerror = ({ message }) => { end({ error: message }); };
    worker.postMessage(task);
  });
}

/** Measures how long the page could not do anything. */
class Clock {
  #longest = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => {
    this.#longest = Math.max(this.#longest, performance.now() - this.#last - TICK_MS);
    this.#last = performance.now();
  }, TICK_MS);

  stop(): number {
    clearInterval(this.#timer);
    return this.#longest;
  }
}

const tasks = (await (await fetch("tasks.json")).json()) as Task[];
const answers: Answer[] = [];
for (const task of tasks) answers.push(await ask(task));
await fetch("report", { method: "POST", body: JSON.stringify(answers) });
