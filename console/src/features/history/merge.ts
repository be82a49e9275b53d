import type { Job, JobPage } from "@imageshield/client";

/** The newest page, then what is older. Ids begin with their time, so they are in order. */
export function merge(pages: JobPage[], newest: JobPage | undefined): Job[] {
  const all = pages.flatMap((page) => page.data);
  const last = newest?.data.at(-1)?.job_id;
  if (newest === undefined) return all;
  if (!newest.has_more || last === undefined) return newest.data;
  return [...newest.data, ...all.filter((job) => job.job_id < last)];
}
