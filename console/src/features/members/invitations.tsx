import type { Invitation, InvitationWithLink, Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Ellipsis, Mail, RotateCw, Trash2 } from "lucide-react";
import { mayManage } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { Badge } from "@/ui/badge.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { Menu } from "@/ui/menu.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

/** Who is invited and has not come yet. `onLink` gets a link that no mail brings. */
export function Invitations({ account, onLink }: { account: Membership; onLink: (invitation: InvitationWithLink) => void }) {
  const id = account.account_id;
  const { data, error, isPending } = useQuery({ queryKey: ["invitations", id], queryFn: ({ signal }) => client.members.invitations(id, { signal }) });
  if (isPending) return <SkeletonRows rows={2} />;
  if (error) return <ProblemMessage error={error} />;
  if (data.data.length === 0) return <Empty icon={Mail} title="Nobody is invited." />;
  const columns: Column<Invitation>[] = [
    { key: "email", head: "Address", phone: "name", cell: (invitation) => <span className="font-medium break-all">{invitation.email}</span> },
    { key: "role", head: "Role", width: "120px", phone: "badge", cell: (invitation) => <Badge>{invitation.role}</Badge> },
    { key: "expires", head: "Valid until", width: "150px", right: true, phone: "fact", cell: (invitation) => <Time at={invitation.expires_at} as="moment" /> },
    ...(mayManage(account) ? [{ key: "act", head: <span className="sr-only">Change</span>, width: "56px", right: true, cell: (invitation: Invitation) => <InvitationMenu account={account} invitation={invitation} onLink={onLink} /> }] : []),
  ];
  return <Table caption="Open invitations" columns={columns} rows={data.data} rowKey={(invitation) => invitation.id} />;
}

function InvitationMenu({ account, invitation, onLink }: { account: Membership; invitation: Invitation; onLink: (invitation: InvitationWithLink) => void }) {
  const id = account.account_id;
  const failed = (error: unknown) => { toastError("Nothing has changed", error); };
  const resend = useAction(async () => {
    const made = await client.members.resend(id, invitation.id);
    if (made.link !== null) onLink(made);
    else toast("The invitation was mailed again");
    await queries.invalidateQueries({ queryKey: ["invitations", id] });
  }, failed);
  const revoke = useAction(async () => {
    await client.members.revoke(id, invitation.id);
    toast("The invitation is revoked");
    await queries.invalidateQueries({ queryKey: ["invitations", id] });
  }, failed);
  const items = [
    { label: "Send again", icon: RotateCw, onSelect: resend.run },
    { label: "Revoke", icon: Trash2, onSelect: revoke.run, danger: true },
  ];
  return (
    <Menu items={items} label={`Invitation of ${invitation.email}`} iconOnly align="end" buttonClassName="relative z-1 inline-flex size-8 items-center justify-center rounded-control text-muted hover:bg-raised hover:text-ink max-md:size-11">
      <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
    </Menu>
  );
}
