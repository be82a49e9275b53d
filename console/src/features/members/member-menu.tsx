import type { Member, Membership, Role } from "@imageshield/client";
import { Check, Ellipsis, UserMinus, UserRound } from "lucide-react";
import { useState } from "react";
import { rolesOf } from "@/features/members/roles.ts";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { Confirm } from "@/ui/confirm.tsx";
import { Menu, type MenuItem } from "@/ui/menu.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

/** Another role for a member, or the end of the membership. An admin changes no owner. */
export function MemberMenu({ account, member }: { account: Membership; member: Member }) {
  const id = account.account_id;
  const [removing, setRemoving] = useState(false);
  const refresh = () => queries.invalidateQueries({ predicate: ({ queryKey }) => ["accounts", "members", "invitations"].includes(String(queryKey[0])) });
  const change = useAction(async (role: Role) => {
    await client.members.changeRole(id, member.user_id, role);
    toast(`${member.email} is ${role} now`);
    await refresh();
  }, (error) => { toastError("The role has not changed", error); });
  const remove = useAction(async () => {
    await client.members.remove(id, member.user_id);
    setRemoving(false);
    toast("The member is removed");
    await refresh();
  });
  if (member.role === "owner" && account.role !== "owner") return null;
  const items: MenuItem[] = [
    ...rolesOf(account).map((role) => ({ label: role, icon: role === member.role ? Check : UserRound, onSelect: () => { if (role !== member.role) change.run(role); } })),
    { label: "Remove…", icon: UserMinus, onSelect: () => { setRemoving(true); }, danger: true, lined: true },
  ];
  return (
    <>
      <Menu items={items} label={`Role of ${member.email}`} iconOnly align="end" buttonClassName="relative z-1 inline-flex size-8 items-center justify-center rounded-control text-muted hover:bg-raised hover:text-ink max-md:size-11">
        <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
      </Menu>
      <Confirm open={removing} onClose={() => { setRemoving(false); }} title="Remove this member?" keep="Keep the member" act="Remove the member" busy={remove.busy} onAct={remove.run}>
        <span className="break-all text-ink">{member.email}</span> is out at once, on every device. What the member has made stays in the account.
        {remove.error !== null && <ProblemMessage error={remove.error} className="mt-3" />}
      </Confirm>
    </>
  );
}
