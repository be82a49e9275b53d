import { History, Lock, RotateCw, SearchX } from "lucide-react";
import { useMemo } from "react";
import { Bulk } from "@/features/history/bulk.tsx";
import { columnsOf } from "@/features/history/columns.tsx";
import { filterOf, isEmpty, NONE, type Filter } from "@/features/history/filter.ts";
import { Filters } from "@/features/history/filters.tsx";
import { PAGE, useJobs } from "@/features/history/jobs.ts";
import { SelectionContext, useSelection } from "@/features/history/selection.tsx";
import { useAddress } from "@/lib/address.ts";
import { keptDays } from "@/lib/jobs.ts";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { MorePages, Table } from "@/ui/table.tsx";

export default function HistoryPage() {
  const [search, change] = useAddress();
  const filter = useMemo(() => filterOf(search), [search]);
  return (
    <>
      <PageHead title="History" note="Every job, newest first. File names are encrypted and cannot be searched." actions={<ButtonLink kind="iris" icon={Lock} to="/encrypt">Encrypt</ButtonLink>} />
      <Filters filter={filter} onChange={change} />
      <List key={JSON.stringify(filter)} filter={filter} onClear={() => { change(NONE); }} />
    </>
  );
}

function List({ filter, onClear }: { filter: Filter; onClear: () => void }) {
  const { pages, rows, loadAll } = useJobs(filter);
  const selection = useSelection(rows);
  const { ids, toggle, setAll } = selection;
  const columns = useMemo(() => columnsOf(toggle), [toggle]);
  const context = useMemo(() => ({ ids, rows, setAll }), [ids, rows, setAll]);
  const again = <Button size="small" icon={RotateCw} onClick={() => void (pages.data ? pages.fetchNextPage() : pages.refetch())}>Try again</Button>;
  if (pages.isPending) return <Card><SkeletonRows rows={12} /></Card>;
  if (pages.data === undefined) return <ProblemMessage error={pages.error} action={again} />;
  if (rows.length === 0) return <Card>{isEmpty(filter) ? <NoJobs /> : <NoMatch onClear={onClear} />}</Card>;
  const wantsAll = !isEmpty(filter) && pages.hasNextPage && ids.size === rows.length;
  const days = keptDays(rows);
  return (
    <SelectionContext value={context}>
      <Card aria-label="Jobs">
        <Table fixed caption="Jobs, newest first" columns={columns} rows={rows} rowKey={(job) => job.job_id} selected={(job) => ids.has(job.job_id)} />
        <MorePages shown={rows.length} size={PAGE} hasMore={pages.hasNextPage} busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} note={days === null ? "newest first" : `newest first, kept for ${days} days`} />
      </Card>
      {pages.isFetchNextPageError && <ProblemMessage error={pages.error} action={again} className="mt-4" />}
      <Bulk jobs={selection.jobs} onClear={() => { setAll([]); }} onAll={wantsAll ? async () => { setAll(await loadAll()); } : undefined} />
    </SelectionContext>
  );
}

const NoJobs = () => (
  <Empty icon={History} title="No pictures yet." action={<ButtonLink kind="iris" icon={Lock} to="/encrypt">Encrypt</ButtonLink>}>Encrypt one and it appears here.</Empty>
);

const NoMatch = ({ onClear }: { onClear: () => void }) => (
  <Empty icon={SearchX} title="Nothing matches these filters." action={<Button onClick={onClear}>Clear them</Button>}>Clear them to see all jobs.</Empty>
);
