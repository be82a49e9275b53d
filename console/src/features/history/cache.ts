import type { Job, JobPage } from "@imageshield/client";
import type { InfiniteData } from "@tanstack/react-query";
import { queries } from "@/lib/api.ts";

type Kept = InfiniteData<JobPage> | JobPage | undefined;

/** Change the jobs of every list that is kept; the others stay the same objects. */
function change(map: (jobs: Job[]) => Job[]): void {
  const ofPage = (page: JobPage): JobPage => ({ ...page, data: map(page.data) });
  queries.setQueriesData<Kept>({ queryKey: ["jobs"] }, (kept) => {
    if (kept === undefined) return kept;
    return "pages" in kept ? { ...kept, pages: kept.pages.map(ofPage) } : ofPage(kept);
  });
}

/** A job has changed. */
export function replaceJob(job: Job): void {
  change((jobs) => jobs.map((one) => (one.job_id === job.job_id ? job : one)));
  queries.setQueryData([job.job_id], job);
}

/** A job was deleted. */
export function forgetJob(job_id: string): void {
  change((jobs) => jobs.filter((one) => one.job_id !== job_id));
  queries.removeQueries({ queryKey: [job_id] });
}
