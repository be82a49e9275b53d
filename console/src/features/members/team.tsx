import type { InvitationWithLink, Member, Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { EndOfAccount } from "@/features/members/end.tsx";
import { Invitations } from "@/features/members/invitations.tsx";
import { InviteForm, LinkDialog } from "@/features/members/invite.tsx";
import { MemberMenu } from "@/features/members/member-menu.tsx";
import { NewAccountButton } from "@/features/members/new-account.tsx";
import { mayManage } from "@/lib/account.ts";
import { client, queries, useMe } from "@/lib/api.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** The members of an account, its invitations, and the way out of it. */
export function Team({ account }: { account: Membership }) {
  const id = account.account_id;
  const { data, error, isPending } = useQuery({ queryKey: ["members", id], queryFn: ({ signal }) => client.members.list(id, { signal }) });
  const { data: me } = useMe();
  const [inviting, setInviting] = useState(false);
  const [made, setMade] = useState<InvitationWithLink | null>(null);
  const manages = mayManage(account);
  const invited = (invitation: InvitationWithLink) => {
    setInviting(false);
    if (invitation.link !== null) setMade(invitation);
    void queries.invalidateQueries({ queryKey: ["invitations", id] });
  };
  const columns: Column<Member>[] = [
    { key: "email", head: "Address", phone: "name", cell: (member) => <span className="font-medium break-all">{member.email}{member.user_id === me?.user_id && <span className="text-muted"> (you)</span>}</span> },
    { key: "role", head: "Role", width: "120px", phone: "badge", cell: (member) => <Badge>{member.role}</Badge> },
    { key: "joined", head: "Since", width: "150px", right: true, phone: "none", cell: (member) => <Time at={member.joined_at} as="moment" /> },
    ...(manages ? [{ key: "act", head: <span className="sr-only">Change</span>, width: "56px", right: true, cell: (member: Member) => <MemberMenu account={account} member={member} /> }] : []),
  ];
  return (
    <>
      <PageHead title="Members" note={<>of <bdi>{account.name}</bdi>; you are its {account.role}</>} actions={<><NewAccountButton beside />{manages && <Button kind="ink" icon={UserPlus} onClick={() => { setInviting(true); }}>Invite</Button>}</>} />
      {error && <ProblemMessage error={error} className="mb-4" />}
      <Stack>
        <Card>
          {isPending && <SkeletonRows rows={3} />}
          {data && <Table caption="Members" columns={columns} rows={data.data} rowKey={(member) => member.user_id} />}
        </Card>
        <Card aria-label="Open invitations">
          <CardHead lined title="Open invitations" note="A link works once, within seven days, for a user with the invited address." />
          <Invitations account={account} onLink={setMade} />
        </Card>
        <EndOfAccount account={account} />
      </Stack>
      {inviting && <InviteForm account={account} onClose={() => { setInviting(false); }} onInvited={invited} />}
      {made !== null && <LinkDialog invitation={made} onClose={() => { setMade(null); }} />}
    </>
  );
}
