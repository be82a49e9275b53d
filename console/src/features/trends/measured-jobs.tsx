import type { Job } from "@imageshield/client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChartArea } from "lucide-react";
import { client } from "@/lib/api.ts";
import { dimensions } from "@/lib/format.ts";
import { Card, CardHead } from "@/ui/card.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { Letter } from "@/ui/letter.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Columns } from "@/ui/page.tsx";
import { Tile } from "@/ui/picture.tsx";
import { MorePages, SelectionBar, SelectionButton, Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";
import { useLetters } from "./letters.ts";
import { OwnPictures } from "./own-pictures.tsx";
import { refusal, useCompared } from "./selection.ts";

/** Jobs of a page; the service has no filter for the measured ones. */
const PAGE = 50;

export function MeasuredJobs() {
  const [chosen, choose] = useCompared();
  return (
    <Columns side="charts" aside={<OwnPictures />}>
      <List chosen={chosen} onChoose={choose} />
      <CompareBar chosen={chosen} onClear={() => { choose([]); }} />
    </Columns>
  );
}

function CompareBar({ chosen, onClear }: { chosen: string[]; onClear: () => void }) {
  const navigate = useNavigate();
  const why = refusal(chosen.length);
  return (
    <SelectionBar count={chosen.length} onClear={onClear}>
      {why === undefined ? <SelectionButton onClick={() => void navigate({ to: "/analytics/compare", search: { job: chosen } })}>Compare {chosen.length}</SelectionButton> : <span className="text-dense">{why}</span>}
    </SelectionBar>
  );
}

function List({ chosen, onChoose }: { chosen: string[]; onChoose: (ids: string[]) => void }) {
  const pages = useInfiniteQuery({
    queryKey: ["jobs", "measured"],
    queryFn: ({ pageParam, signal }) => client.jobs.list({ status: "completed", limit: PAGE, ...(pageParam && { cursor: pageParam }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const jobs = pages.data?.pages.flatMap((page) => page.data.filter((job) => job.analysis_url !== null)) ?? [];
  const letters = useLetters(jobs.map((job) => job.job_id));
  const toggle = (id: string, on: boolean) => { onChoose(on ? [...chosen, id] : chosen.filter((one) => one !== id)); };
  return (
    <Card aria-label="Measured pictures">
      <CardHead lined title="Measured pictures" note="Choose 2 to 20 to compare them." />
      {pages.isPending && <SkeletonRows />}
      {pages.isError && <div className="p-5"><ProblemMessage error={pages.error} /></div>}
      {pages.data && (jobs.length === 0 ? <Nothing /> : <Table fixed caption="Measured pictures" columns={columnsOf(chosen, toggle, letters)} rows={jobs} rowKey={(job) => job.job_id} selected={(job) => chosen.includes(job.job_id)} />)}
      {pages.data && (jobs.length > 0 || pages.hasNextPage) && <MorePages shown={jobs.length} size={PAGE} hasMore={pages.hasNextPage} busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />}
    </Card>
  );
}

const Nothing = () => (
  <Empty icon={ChartArea} title="No measured pictures yet" action={<ButtonLink kind="outline" to="/encrypt">Encrypt and measure one</ButtonLink>}>
    Choose "Measure" when you encrypt, or measure two pictures of your own here.
  </Empty>
);

function columnsOf(chosen: string[], toggle: (id: string, on: boolean) => void, letters: Map<string, string | null>): Column<Job>[] {
  return [
    {
      key: "choose", head: <span className="sr-only">Chosen</span>, width: "52px", phone: "name",
      cell: (job) => <span className="relative z-1 flex"><Checkbox aria-label={`Choose ${nameOf(job)}`} checked={chosen.includes(job.job_id)} onChange={(on) => { toggle(job.job_id, on); }} /></span>,
    },
    { key: "name", head: "Picture", phone: "name", cell: (job) => <Name job={job} /> },
    { key: "size", wide: "xl", head: "Size", width: "180px", cell: (job) => <span className="numeric whitespace-nowrap text-muted">{sizeOf(job)}</span> },
    { key: "letter", head: "Letter", width: "72px", phone: "badge", cell: (job) => (letters.has(job.job_id) ? <Letter letter={letters.get(job.job_id) ?? null} /> : null) },
    { key: "when", head: "Ended", width: "130px", right: true, cell: (job) => <span className="text-muted"><Time at={job.completed_at ?? job.created_at} /></span> },
  ];
}

const Name = ({ job }: { job: Job }) => (
  <span className="flex min-w-0 items-center gap-3">
    <Tile id={job.job_id} />
    <Link to={`/analytics/${job.job_id}`} className="row-link min-w-0 truncate font-medium">{nameOf(job)}</Link>
  </span>
);

const nameOf = (job: Job): string => job.file_name ?? (job.kind === "analyze" ? "Two pictures of your own" : (job.image?.format ?? "Picture"));

function sizeOf({ image, regions }: Job): string {
  if (image?.width == null || image.height == null) return "–";
  return `${dimensions(image.width, image.height)}${regions.length > 0 ? ", regions" : ""}`;
}
