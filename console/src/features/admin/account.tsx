import type { ManagedAccount, Member } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { UsersRound } from "lucide-react";
import { ActButton, type Act } from "@/features/admin/act.tsx";
import { NoDetail } from "@/features/admin/detail.tsx";
import { AccountState, nameOf } from "@/features/admin/states.tsx";
import { TierButton } from "@/features/admin/tier.tsx";
import { client } from "@/lib/api.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

export function AccountPage({ id }: { id: string }) {
  const { data, error } = useQuery({ queryKey: ["admin", "account", id], queryFn: ({ signal }) => client.administration.account(id, { signal }) });
  return data ? <Account account={data} /> : <NoDetail error={error} what="account" icon={UsersRound} view="accounts" />;
}

function Account({ account }: { account: ManagedAccount }) {
  const open = account.closed_at === null;
  return (
    <>
      <PageHead title={<bdi>{nameOf(account)}</bdi>} above={<><AccountState state={account.state} /><Badge>{account.personal ? "Personal" : "Shared"}</Badge></>} actions={open && <><TierButton account={account} /><ActButton act={suspensionOf(account)} /></>} />
      <Stack>
        {account.state === "suspended" && <Message tone="warn" title="Its requests are refused.">The data is kept. Reinstate it, and everything goes on.</Message>}
        <Card aria-label="Facts">
          <CardPart tight>
            <KeyValues
              items={[
                { name: "Tier", value: <span className="capitalize">{account.tier}</span> },
                { name: "Account", value: <CopyableId id={account.account_id} what="account id" /> },
                { name: "Created", value: <Time at={account.created_at} as="moment" /> },
                ...(account.suspended_at === null ? [] : [{ name: "Suspended", value: <Time at={account.suspended_at} as="moment" /> }]),
                ...(account.closed_at === null ? [] : [{ name: "Closed", value: <Time at={account.closed_at} as="moment" /> }]),
              ]}
            />
          </CardPart>
        </Card>
        <Members id={account.account_id} />
      </Stack>
    </>
  );
}

const suspensionOf = ({ account_id, state }: ManagedAccount): Act =>
  state === "suspended"
    ? { name: "Reinstate", title: "End the suspension?", text: "Its members and API keys can work again at once.", done: "The account is reinstated", asksWhy: true, run: (reason) => client.administration.changeAccount(account_id, { suspended: false, reason }) }
    : { name: "Suspend", kind: "danger", title: "Suspend this account?", text: "Its requests are refused at once, also those of API keys, and live connections close. The data is kept.", done: "The account is suspended", asksWhy: true, run: (reason) => client.administration.changeAccount(account_id, { suspended: true, reason }) };

function Members({ id }: { id: string }) {
  const { data, error, isPending } = useQuery({ queryKey: ["admin", "members", id], queryFn: ({ signal }) => client.administration.members(id, { signal }) });
  return (
    <Card>
      <CardHead lined title="Members" />
      {isPending && <SkeletonRows rows={2} />}
      {error && <CardPart><ProblemMessage error={error} /></CardPart>}
      {data && <Table caption="Members" columns={COLUMNS} rows={data.data} rowKey={({ user_id }) => user_id} />}
    </Card>
  );
}

const COLUMNS: Column<Member>[] = [
  { key: "email", head: "Address", phone: "name", cell: (member) => <Link to="/admin/users/$user" params={{ user: member.user_id }} className="row-link font-medium break-all">{member.email}</Link> },
  { key: "role", head: "Role", width: "120px", phone: "badge", cell: ({ role }) => <Badge>{role}</Badge> },
  { key: "joined", head: "Since", width: "150px", right: true, cell: ({ joined_at }) => <Time at={joined_at} as="moment" /> },
];
