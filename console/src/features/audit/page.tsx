import { ShieldX } from "lucide-react";
import { useMemo } from "react";
import { Chain as ChainCard } from "@/features/audit/chain.tsx";
import { Details } from "@/features/audit/details.tsx";
import type { Chain } from "@/features/audit/entries.ts";
import { Export } from "@/features/audit/export.tsx";
import { filterOf, NONE } from "@/features/audit/filter.ts";
import { Filters } from "@/features/audit/filters.tsx";
import { List } from "@/features/audit/list.tsx";
import { useNames } from "@/features/audit/names.ts";
import { SecurityEvents } from "@/features/audit/security-events.tsx";
import { mayReview, useAccount } from "@/lib/account.ts";
import { useAddress } from "@/lib/address.ts";
import { useMe } from "@/lib/api.ts";
import { Card } from "@/ui/card.tsx";
import { Segmented } from "@/ui/choice.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";

const TITLE = "Audit log";
const CHAINS: { value: Chain; name: string }[] = [{ value: "account", name: "This account" }, { value: "system", name: "The installation" }];

/** Who did what, with the proof that nobody has changed it. */
export default function AuditPage() {
  const account = useAccount();
  const { data: me } = useMe();
  const [search] = useAddress();
  const chain = search.chain === "system" && me?.operator === true ? "system" : "account";
  if (account === undefined || me === undefined) return <><PageHead title={TITLE} /><Card><SkeletonRows rows={12} /></Card></>;
  if (chain === "account" && !mayReview(account) && !me.operator) return <><PageHead title={TITLE} /><Card><NotYours /></Card></>;
  return <Trail key={chain} chain={chain} isOperator={me.operator} mayRead={chain === "system" || mayReview(account)} />;
}

function Trail({ chain, isOperator, mayRead }: { chain: Chain; isOperator: boolean; mayRead: boolean }) {
  const [search, change] = useAddress();
  const names = useNames(mayRead);
  const filter = useMemo(() => filterOf(search), [search]);
  const entry = typeof search.entry === "string" ? search.entry : "";
  return (
    <>
      <PageHead title={TITLE} note="Who did what, when, and how it ended. No entry can be changed without the chain showing it." actions={mayRead && <Export chain={chain} filter={filter} />} />
      {isOperator && <div className="mb-4"><Segmented legend="Whose log" segments={CHAINS} value={chain} onChange={(value) => { change({ ...NONE, entry: "", chain: value === "system" ? value : "" }); }} /></div>}
      {mayRead ? (
        <Stack>
          <SecurityEvents watched={chain} />
          <ChainCard chain={chain} />
          <Filters filter={filter} names={names} onChange={change} />
          <List key={JSON.stringify(filter)} chain={chain} filter={filter} names={names} onClear={() => { change(NONE); }} />
        </Stack>
      ) : <Card><NotYours /></Card>}
      {entry !== "" && mayRead && <Details key={entry} chain={chain} id={entry} names={names} onClose={() => { change({ entry: "" }); }} onOnly={(only) => { change({ ...NONE, entry: "", ...only }); }} />}
    </>
  );
}

const NotYours = () => (
  <Empty icon={ShieldX} title="The audit log is for owners, admins and auditors.">You are a member of this account. Ask one of them, or choose another account.</Empty>
);
