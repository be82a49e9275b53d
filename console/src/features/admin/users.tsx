import type { ManagedUser, UserFilter } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { SearchX, UserRoundCog } from "lucide-react";
import { Pages, SIZE } from "@/features/admin/pages.tsx";
import { SearchBox } from "@/features/admin/search-box.tsx";
import { UserState } from "@/features/admin/states.tsx";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { FilterSelect } from "@/ui/filter.tsx";
import type { Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

const ONLY: { value: "operators" | "resets"; name: string }[] = [{ value: "operators", name: "Operators" }, { value: "resets", name: "Reset waits" }];
const FILTERS: Record<string, UserFilter> = { operators: { operator: true }, resets: { factor_reset: true } };

/** All users of the installation. */
export function Users() {
  const [search, change] = useAddress();
  const q = typeof search.q === "string" ? search.q : "";
  const only = ONLY.find(({ value }) => value === search.only)?.value;
  const filter: UserFilter = { limit: SIZE, ...(q && { q }), ...(only && FILTERS[only]) };
  return (
    <>
      <search className="mb-4 flex flex-wrap items-start gap-2">
        <SearchBox label="Address" value={q} onChange={(text) => { change({ q: text }); }} />
        <FilterSelect name="Only" icon={UserRoundCog} options={ONLY} value={only} onChange={(value) => { change({ only: value }); }} onClear={() => { change({ only: "" }); }} />
      </search>
      <Pages name={["users", filter]} load={(cursor, signal) => client.administration.users({ ...filter, ...(cursor && { cursor }) }, { signal })} caption="Users" columns={COLUMNS} rowKey={({ user_id }) => user_id} empty={{ icon: SearchX, title: "No user matches.", text: "Search by a part of the address." }} />
    </>
  );
}

const COLUMNS: Column<ManagedUser>[] = [
  { key: "email", head: "Address", phone: "name", cell: (user) => <Link to="/admin/users/$user" params={{ user: user.user_id }} className="row-link font-medium break-all">{user.email}</Link> },
  { key: "factor", head: "Second factor", width: "130px", wide: true, phone: "none", cell: ({ second_factor }) => (second_factor ? "Yes" : "No") },
  { key: "state", head: "State", width: "130px", phone: "badge", cell: (user) => <UserState user={user} /> },
  { key: "seen", head: "Last seen", width: "150px", right: true, cell: ({ last_seen_at }) => (last_seen_at === null ? "not signed in" : <Time at={last_seen_at} />) },
  { key: "created", head: "Created", width: "150px", right: true, phone: "none", cell: ({ created_at }) => <Time at={created_at} as="moment" /> },
];
