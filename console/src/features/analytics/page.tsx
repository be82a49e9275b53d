import type { Analysis, Job } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { usePathParam } from "@/lib/address.ts";
import { count, dimensions } from "@/lib/format.ts";
import { Badge } from "@/ui/badge.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";
import { Actions } from "./actions.tsx";
import { DifferenceCard, EntropyCard, HistogramCard, ScatterCard } from "./charts.tsx";
import { GradeCard, LimitsCard, regionsNote } from "./grade.tsx";
import { RulesCard } from "./rules-card.tsx";
import { rulesOf } from "./rules.ts";
import { Absence, AnalysisSkeleton } from "./states.tsx";

const EVERY = 1000;
const isRunning = (job: Job | undefined): boolean => job?.status === "pending" || job?.status === "processing";

export default function AnalyticsPage() {
  const id = usePathParam("job");
  const job = useQuery({ queryKey: ["job", id], queryFn: ({ signal }) => client.jobs.get(id, { signal }), refetchInterval: ({ state }) => (isRunning(state.data) ? EVERY : false) });
  const measured = job.data?.status === "completed" && job.data.analysis_url !== null;
  // An analysis never changes.
  const analysis = useQuery({ queryKey: ["analysis", id], queryFn: ({ signal }) => client.analyses.get(id, { signal }), enabled: measured, staleTime: Infinity });
  const regions = analysis.data && regionsNote(analysis.data);
  const error = job.error ?? analysis.error;
  return (
    <>
      <PageHead above={regions && <Badge>{regions}</Badge>} title={job.data ? titleOf(job.data) : "Analytics"} note={<Facts id={id} job={job.data} analysis={analysis.data} />} actions={job.data && analysis.data && <Actions job={job.data} analysis={analysis.data} />} />
      {error ? <ProblemMessage error={error} /> : job.data && !measured ? <Absence job={job.data} /> : job.data && analysis.data ? <Measured job={job.data} analysis={analysis.data} /> : <AnalysisSkeleton />}
    </>
  );
}

const titleOf = (job: Job): string => job.file_name ?? (job.kind === "analyze" ? "Two pictures of your own" : `A picture without a name${job.image ? `, ${job.image.format}` : ""}`);

function Facts({ id, job, analysis }: { id: string; job: Job | undefined; analysis: Analysis | undefined }) {
  const facts = factsOf(job, analysis);
  return (
    <span className="flex flex-wrap items-baseline gap-x-1.5">
      {facts && <>{facts}<span aria-hidden className="max-md:hidden">·</span></>}
      <CopyableId id={id} what="job id" />
    </span>
  );
}

/** By the number of channels. */
const KINDS = ["gray", "gray and alpha", "RGB", "RGBA"];

function factsOf(job: Job | undefined, analysis: Analysis | undefined): string | null {
  if (!analysis) return null;
  const { width, height, channels, bit_depth, converted_from } = analysis.pictures.original;
  const kind = ` ${job?.image?.format ?? "samples"}, ${bit_depth === 16 ? "16-bit " : ""}${KINDS[channels - 1] ?? `${channels} channels`}`;
  return `${dimensions(width, height)}${kind}${converted_from === null ? "" : `, converted from ${converted_from}`} · ${count(width * height * channels)} samples, every one counted`;
}

function Measured({ job, analysis }: { job: Job; analysis: Analysis }) {
  const rules = rulesOf(analysis);
  const grid = "grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4 max-md:gap-3 lg:grid-cols-[minmax(0,1fr)_416px]";
  return (
    <Stack>
      <div className={grid}>
        <GradeCard grade={analysis.security_grade} rules={rules} />
        <LimitsCard limits={analysis.limits} />
      </div>
      <div className={grid}>
        <HistogramCard analysis={analysis} />
        <EntropyCard analysis={analysis} />
      </div>
      <div className={grid}>
        <ScatterCard analysis={analysis} />
        <DifferenceCard analysis={analysis} />
      </div>
      <RulesCard rules={rules} letter={analysis.security_grade.letter} milliseconds={timeOf(job)} />
    </Stack>
  );
}

function timeOf({ metrics }: Job): number | null {
  const timings = (metrics as { timings_ms?: Record<string, unknown> } | null)?.timings_ms;
  const time = timings?.analyzing;
  return typeof time === "number" ? time : null;
}
