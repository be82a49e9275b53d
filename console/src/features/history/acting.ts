import type { Job } from "@imageshield/client";
import { forgetJob, replaceJob } from "@/features/history/cache.ts";
import type { Verb } from "@/features/history/verbs.ts";
import { client } from "@/lib/api.ts";

async function act(verb: Verb, { job_id }: Job): Promise<void> {
  if (verb === "retry") replaceJob(await client.jobs.retry(job_id));
  else if (verb === "cancel") replaceJob(await client.jobs.cancel(job_id));
  else {
    await client.jobs.remove(job_id);
    forgetJob(job_id);
  }
}

export interface Failure {
  job: Job;
  error: unknown;
}

const AT_ONCE = 4;

/** Act on every job, a few at once; what fails stops nothing. Returns the failures. */
export async function actOnAll(verb: Verb, jobs: readonly Job[], onDone: (done: number) => void): Promise<Failure[]> {
  const waiting = [...jobs];
  const failures: Failure[] = [];
  let done = 0;
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const one = job;
      await act(verb, one).catch((error: unknown) => { failures.push({ job: one, error }); });
      done += 1;
      onDone(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}
