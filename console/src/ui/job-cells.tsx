import type { Job } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { cx } from "@/lib/cx.ts";
import { usePhone } from "@/lib/hooks.ts";
import { deviationOf, isGone, tileOf, titleOf } from "@/lib/jobs.ts";
import { StatusBadge } from "@/ui/badge.tsx";
import { Id } from "@/ui/copyable-id.tsx";
import { Tile } from "@/ui/picture.tsx";

/** Tile, name and id of a job; the name leads to its page and makes its row the target. */
export function JobName({ job }: { job: Job }) {
  return (
    <span className="flex min-w-0 items-center gap-3">
      <Tile id={job.job_id} kind={tileOf(job)} />
      <span className="grid min-w-0">
        <Link to="/jobs/$job" params={{ job: job.job_id }} className={cx("row-link truncate leading-[18px] font-medium", job.file_name === null && "font-normal text-muted")}>{titleOf(job)}</Link>
        <Id id={job.job_id} />
      </span>
    </span>
  );
}

/** The state of a job, with the word of one that completed otherwise than asked. */
export const JobState = ({ job }: { job: Job }) => <StatusBadge status={job.status} progress={job.progress} warning={deviationOf(job)} gone={isGone(job)} />;

/** A cell without a value; a card of a phone leaves it out. */
export const Nothing = () => (usePhone() ? null : <span className="text-muted">·</span>);
