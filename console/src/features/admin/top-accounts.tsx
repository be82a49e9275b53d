import type { TopAccount } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { bytes, count, shortId } from "@/lib/format.ts";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Table, type Column } from "@/ui/table.tsx";

/** The accounts with most jobs of the month. */
export const TopAccounts = ({ rows }: { rows: TopAccount[] }) => (
  <Card>
    <CardHead lined title="Most active accounts" note="In this month" />
    {rows.length === 0 ? <CardPart className="text-muted">None yet.</CardPart> : <Table caption="Most active accounts" columns={COLUMNS} rows={rows} rowKey={({ account_id }) => account_id} />}
  </Card>
);

const COLUMNS: Column<TopAccount>[] = [
  { key: "name", head: "Account", phone: "name", cell: ({ account_id, name }) => <Link to="/admin/accounts/$account" params={{ account: account_id }} className="row-link font-medium break-all"><bdi>{name ?? shortId(account_id)}</bdi></Link> },
  { key: "tier", head: "Tier", width: "120px", cell: ({ tier }) => <span className="capitalize">{tier}</span> },
  { key: "jobs", head: "Jobs", width: "100px", right: true, phone: "badge", cell: ({ jobs }) => count(jobs) },
  { key: "stored", head: "Stored", width: "110px", right: true, cell: ({ stored_bytes }) => bytes(stored_bytes) },
];
