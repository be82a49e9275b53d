import type { Job } from "@imageshield/client";
import { attemptsOf, isRepeated } from "@/features/job/stages.ts";
import { duration } from "@/lib/format.ts";
import { secondsBetween } from "@/lib/jobs.ts";
import { ChartCard, Timeline, timelineTable } from "@/ui/charts/index.ts";

const utc = (at: string, milliseconds = true): string => at.slice(11, milliseconds ? 23 : 19);

/** Where the time of an ended job went. */
export function TimelineCard({ job }: { job: Job }) {
  const attempts = attemptsOf(job);
  if (job.completed_at === null || attempts.length === 0) return null;
  const note = `${utc(job.created_at)} to ${utc(job.completed_at)} UTC, ${duration(secondsBetween(job.created_at, job.completed_at))}`;
  return (
    <ChartCard title="Timeline" note={note} table={timelineTable(attempts)} {...(isRepeated(job) && { foot: "The service keeps the stages of the last attempt, and of those before only how long they took together." })}>
      <Timeline attempts={attempts} />
    </ChartCard>
  );
}
