import type { OutboxEntry } from "@imageshield/client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Inbox, MailX } from "lucide-react";
import { useMemo } from "react";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { explain } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { MorePages, Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";
import { MailDialog } from "./mail.tsx";

const PAGE = 25;

const COLUMNS: Column<OutboxEntry>[] = [
  { key: "subject", head: "Subject", phone: "name", cell: (mail) => <Link to="." search={{ mail: mail.id }} className="row-link block truncate font-medium">{mail.subject}</Link> },
  { key: "recipient", head: "To", width: "320px", phone: "fact", cell: (mail) => <span className="break-all">{mail.recipient}</span> },
  { key: "written", head: "Written", width: "150px", right: true, phone: "fact", cell: (mail) => <Time at={mail.written_at} as="moment" /> },
];

/** The mails of an installation without a mail server. For operators: their links log in as anybody. */
export default function OutboxPage() {
  const [{ mail }, change] = useAddress();
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["outbox"],
    queryFn: ({ pageParam, signal }) => client.outbox.list({ limit: PAGE, ...(pageParam && { cursor: pageParam }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? 5_000 : false),
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  return (
    <>
      <PageHead title="Outbox" note="Mails that this installation has written to a folder, because it has no mail server" />
      <Card>
        {isPending && <SkeletonRows rows={4} />}
        {error && <NotShown error={error} onAgain={() => void refetch()} />}
        {data && rows.length === 0 && <Empty icon={Inbox} title="No mails yet.">A mail is written when somebody registers, forgets a password or is invited.</Empty>}
        {rows.length > 0 && <Table caption="Mails, newest first" columns={COLUMNS} rows={rows} rowKey={(one) => one.id} fixed />}
        {rows.length > 0 && <MorePages shown={rows.length} size={PAGE} hasMore={hasNextPage} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      </Card>
      {typeof mail === "string" && mail !== "" && <MailDialog id={mail} onClose={() => { change({ mail: "" }); }} />}
    </>
  );
}

function NotShown({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const { code } = explain(error);
  if (code === "not-found") return <Empty icon={MailX} title="There is no outbox here.">A mail server sends the mails of this installation, or nothing sends any.</Empty>;
  if (code === "insufficient-scope") return <Empty icon={MailX} title="This is for operators.">The links in these mails log in as anybody.</Empty>;
  return <div className="p-5"><ProblemMessage error={error} action={<Button size="small" onClick={onAgain}>Try again</Button>} /></div>;
}
