import type { Queue, QueueShare } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { count, plural, shortId } from "@/lib/format.ts";
import { Card, CardHead } from "@/ui/card.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** Which accounts have most in the queue. They take turns, whatever they have sent. */
export const QueueCard = ({ queue }: { queue: Queue }) => (
  <Card>
    <CardHead lined title="In the queue" note={<>{plural(queue.accounts_waiting, "account waits", "accounts wait")} and take turns{queue.oldest_waiting_at !== null && <>; the oldest job came <Time at={queue.oldest_waiting_at} /></>}</>} />
    <Table caption="Accounts in the queue" columns={COLUMNS} rows={queue.shares} rowKey={({ account_id }) => account_id} />
  </Card>
);

const COLUMNS: Column<QueueShare>[] = [
  { key: "name", head: "Account", phone: "name", cell: ({ account_id, name }) => <Link to="/admin/accounts/$account" params={{ account: account_id }} className="row-link font-medium break-all"><bdi>{name ?? shortId(account_id)}</bdi></Link> },
  { key: "waiting", head: "Waiting", width: "110px", right: true, phone: "badge", cell: ({ waiting }) => count(waiting) },
  { key: "running", head: "Running", width: "110px", right: true, phone: "none", cell: ({ running }) => count(running) },
];
