/** Waiting for the end of a job or batch. */

import type { Transport } from "../api/transport.ts";
import type { CallOptions } from "../service/calls.ts";
import type { WaitOptions } from "../service/submission.ts";
import { follow } from "./follow.ts";
import { progressOf } from "./state.ts";

/** Wait for the end, and return the subject as it is then. */
export async function endOf<Subject>(
  transport: Transport,
  id: string,
  { signal, onProgress }: WaitOptions,
  get: (id: string, options: CallOptions) => Promise<Subject>,
): Promise<Subject> {
  await follow(transport, id, { signal, onEvent: (_, state) => onProgress?.(progressOf(state)) });
  signal?.throwIfAborted();
  return get(id, { signal });
}
