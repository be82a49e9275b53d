import { useInfiniteQuery } from "@tanstack/react-query";
import { RotateCw, type LucideIcon } from "lucide-react";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { MorePages, Table, type Column } from "@/ui/table.tsx";

export const SIZE = 25;

interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}

interface Props<Row> {
  /** The list and its filters, as a key of the cache. */
  name: readonly unknown[];
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Row>>;
  caption: string;
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  empty: { icon: LucideIcon; title: string; text: string };
}

/** A list of the whole installation, newest first, page by page. */
export function Pages<Row>({ name, load, caption, columns, rowKey, empty }: Props<Row>) {
  const pages = useInfiniteQuery({
    queryKey: ["admin", ...name],
    queryFn: ({ pageParam, signal }) => load(pageParam === "" ? undefined : pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  if (pages.isPending) return <Card><SkeletonRows rows={8} /></Card>;
  const again = <Button size="small" icon={RotateCw} onClick={() => void (pages.data ? pages.fetchNextPage() : pages.refetch())}>Try again</Button>;
  if (pages.data === undefined) return <ProblemMessage error={pages.error} action={again} />;
  const rows = pages.data.pages.flatMap((page) => page.data);
  if (rows.length === 0) return <Card><Empty icon={empty.icon} title={empty.title}>{empty.text}</Empty></Card>;
  return (
    <>
      <Card aria-label={caption}>
        <Table caption={`${caption}, newest first`} columns={columns} rows={rows} rowKey={rowKey} />
        <MorePages shown={rows.length} size={SIZE} hasMore={pages.hasNextPage} busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />
      </Card>
      {pages.isFetchNextPageError && <ProblemMessage error={pages.error} action={again} className="mt-4" />}
    </>
  );
}
