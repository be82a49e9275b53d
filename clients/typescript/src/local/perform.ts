/** What a worker does, and a program without one: a task, with the engine. */

import type { PaceOptions } from "../format/index.ts";
import { decryptTask } from "./decrypting.ts";
import { encryptTask } from "./encrypting.ts";
import type { Outcome, Task } from "./tasks.ts";

/** Do a task. */
export function perform(task: Task, options: PaceOptions): Promise<Outcome> {
  return task.kind === "decrypt" ? decryptTask(task, options) : encryptTask(task, options);
}

/** The memory of an outcome, to hand over instead of copying. */
export function memoryOf(outcome: Outcome): ArrayBuffer[] {
  return outcome.kind === "decrypted" ? [outcome.file.buffer] : [outcome.image.buffer, outcome.keyFile.buffer];
}
