import type { AccountFilter, ManagedAccount } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { CircleDot, Layers, SearchX } from "lucide-react";
import { Pages, SIZE } from "@/features/admin/pages.tsx";
import { SearchBox } from "@/features/admin/search-box.tsx";
import { AccountState, nameOf } from "@/features/admin/states.tsx";
import { useTiers } from "@/features/admin/tiers.ts";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { FilterSelect } from "@/ui/filter.tsx";
import type { Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

const STATES: { value: ManagedAccount["state"]; name: string }[] = [{ value: "active", name: "Active" }, { value: "suspended", name: "Suspended" }, { value: "closed", name: "Closed" }];

/** All accounts of the installation. */
export function Accounts() {
  const [search, change] = useAddress();
  const tiers = useTiers();
  const q = typeof search.q === "string" ? search.q : "";
  const state = STATES.find(({ value }) => value === search.state)?.value;
  const tier = typeof search.tier === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(search.tier) ? search.tier : undefined;
  const filter: AccountFilter = { limit: SIZE, ...(q && { q }), ...(state && { state }), ...(tier && { tier }) };
  return (
    <>
      <search className="mb-4 flex flex-wrap items-start gap-2">
        <SearchBox label="Name or address" value={q} onChange={(text) => { change({ q: text }); }} />
        <FilterSelect name="State" icon={CircleDot} options={STATES} value={state} onChange={(value) => { change({ state: value }); }} onClear={() => { change({ state: "" }); }} />
        <FilterSelect name="Tier" icon={Layers} options={tiers.map(({ id, name }) => ({ value: id, name }))} value={tier} onChange={(value) => { change({ tier: value }); }} onClear={() => { change({ tier: "" }); }} />
      </search>
      <Pages name={["accounts", filter]} load={(cursor, signal) => client.administration.accounts({ ...filter, ...(cursor && { cursor }) }, { signal })} caption="Accounts" columns={COLUMNS} rowKey={({ account_id }) => account_id} empty={{ icon: SearchX, title: "No account matches.", text: "Search by a part of the name or of the address." }} />
    </>
  );
}

const COLUMNS: Column<ManagedAccount>[] = [
  { key: "name", head: "Account", phone: "name", cell: (account) => <Link to="/admin/accounts/$account" params={{ account: account.account_id }} className="row-link font-medium break-all"><bdi>{nameOf(account)}</bdi></Link> },
  { key: "kind", head: "Kind", width: "110px", wide: true, cell: ({ personal }) => (personal ? "Personal" : "Shared") },
  { key: "tier", head: "Tier", width: "120px", cell: ({ tier }) => <span className="capitalize">{tier}</span> },
  { key: "members", head: "Members", width: "96px", right: true, phone: "none", cell: ({ members }) => members },
  { key: "state", head: "State", width: "130px", phone: "badge", cell: (account) => <AccountState state={account.state} /> },
  { key: "created", head: "Created", width: "150px", right: true, cell: ({ created_at }) => <Time at={created_at} as="moment" /> },
];
