import { RotateCw, ScrollText, SearchX } from "lucide-react";
import { useMemo } from "react";
import { columnsOf } from "@/features/audit/columns.tsx";
import { PAGE, useEntries, type Chain } from "@/features/audit/entries.ts";
import { isEmpty, type Filter } from "@/features/audit/filter.ts";
import type { Names } from "@/features/audit/names.ts";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { MorePages, Table } from "@/ui/table.tsx";

interface Props {
  chain: Chain;
  filter: Filter;
  names: Names;
  onClear: () => void;
}

export function List({ chain, filter, names, onClear }: Props) {
  const { pages, rows } = useEntries(chain, filter);
  const columns = useMemo(() => columnsOf(names), [names]);
  const again = <Button size="small" icon={RotateCw} onClick={() => void (pages.data ? pages.fetchNextPage() : pages.refetch())}>Try again</Button>;
  if (pages.isPending) return <Card><SkeletonRows rows={12} /></Card>;
  if (pages.data === undefined) return <ProblemMessage error={pages.error} action={again} />;
  if (rows.length === 0) return <Card>{isEmpty(filter) ? <Empty icon={ScrollText} title="No entries yet.">What is done in this account appears here.</Empty> : <NoMatch onClear={onClear} />}</Card>;
  return (
    <>
      <Card aria-label="Entries">
        <Table fixed caption="Entries, newest first" columns={columns} rows={rows} rowKey={(entry) => entry.id} />
        <MorePages shown={rows.length} size={PAGE} hasMore={pages.hasNextPage} busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />
      </Card>
      {pages.isFetchNextPageError && <ProblemMessage error={pages.error} action={again} />}
    </>
  );
}

const NoMatch = ({ onClear }: { onClear: () => void }) => (
  <Empty icon={SearchX} title="Nothing matches these filters." action={<Button onClick={onClear}>Clear them</Button>}>Clear them to see all entries.</Empty>
);
