import type { BatchSummary } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { useInfiniteQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { plural, shortId } from "@/lib/format.ts";
import { Badge, StatusBadge } from "@/ui/badge.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { MorePages, Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

const PAGE = 10;

/** The batches of this account, newest first. */
export function Earlier() {
  const list = useInfiniteQuery({
    queryKey: ["batches"],
    queryFn: ({ signal, pageParam }) => client.batches.list({ limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  if (list.isError) return <ProblemMessage error={list.error} />;
  if (!list.isPending && rows.length === 0) return null;
  return (
    <Card aria-labelledby="earlier">
      <CardHead lined title={<span id="earlier">Earlier batches</span>} />
      {list.isPending ? <SkeletonRows rows={2} /> : <Table fixed caption="Earlier batches" columns={COLUMNS} rows={rows} rowKey={(batch) => batch.batch_id} />}
      {list.hasNextPage && <MorePages shown={rows.length} size={PAGE} hasMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />}
    </Card>
  );
}

const COLUMNS: Column<BatchSummary>[] = [
  { key: "batch", head: "Batch", phone: "name", cell: (batch) => <Link to={`/batches/${batch.batch_id}`} className="row-link block truncate font-medium">{batch.reference ?? plural(batch.counts.total, "picture")}</Link> },
  { key: "id", wide: "xl", head: "Id", width: "190px", phone: "none", cell: (batch) => <span className="font-mono text-[13px] text-muted">{shortId(batch.batch_id)}</span> },
  { key: "status", head: "State", width: "150px", phone: "badge", cell: (batch) => <BatchBadge batch={batch} /> },
  { key: "created", head: "Begun", width: "140px", right: true, phone: "fact", cell: (batch) => <span className="text-muted"><Time at={batch.created_at} as="moment" /></span> },
];

/** The state of a batch; one that completed says what failed. */
export function BatchBadge({ batch: { status, counts } }: { batch: Pick<BatchSummary, "status" | "counts"> }) {
  const ended = counts.completed + counts.failed + counts.cancelled;
  if (status === "processing") return <Badge tone="iris" busy>{ended} of {counts.total}</Badge>;
  return <StatusBadge status={status} warning={counts.failed > 0 ? `${counts.failed} failed` : undefined} />;
}
