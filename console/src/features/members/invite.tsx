import type { InvitationWithLink, Membership, Role } from "@imageshield/client";
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { ROLES, rolesOf } from "@/features/members/roles.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { Button } from "@/ui/button.tsx";
import { RadioCards } from "@/ui/choice.tsx";
import { copy } from "@/ui/copy.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const FORM = "invite";

interface Props {
  account: Membership;
  onClose: () => void;
  onInvited: (invitation: InvitationWithLink) => void;
}

/** Whom to invite, and for what. */
export function InviteForm({ account, onClose, onInvited }: Props) {
  const [role, setRole] = useState<Role>("member");
  const { run, busy, error } = useAction(async (form: FormData) => {
    onInvited(await client.members.invite(account.account_id, textOf(form, "email").trim(), role));
  });
  const options = ROLES.filter((one) => rolesOf(account).includes(one.role)).map((one) => ({ value: one.role, name: one.role, text: one.text }));
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Invite</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Invite somebody" actions={actions}>
      <form id={FORM} onSubmit={submitting(run)} className="mt-2 grid gap-4 text-ink">
        {error !== null && <ProblemMessage error={error} />}
        <Input type="email" name="email" label="Email" hint="The person signs in with this address, or registers it first." maxLength={254} autoComplete="off" autoFocus required />
        <RadioCards legend="Role" options={options} value={role} onChange={setRole} />
      </form>
    </Dialog>
  );
}

/** The link of an invitation, where the installation sends no mail. */
export function LinkDialog({ invitation, onClose }: { invitation: InvitationWithLink; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const link = invitation.link ?? "";
  const actions = (
    <>
      <Button icon={copied ? Check : Copy} kind={copied ? "outline" : "ink"} onClick={() => void copy(link).then(setCopied)}>{copied ? "Copied" : "Copy"}</Button>
      <Button kind={copied ? "ink" : "outline"} onClick={onClose}>Done</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="The link of this invitation" actions={actions}>
      <p>This installation sends no mail. Give the link to <span className="break-all text-ink">{invitation.email}</span>: it works for nobody else, and once.</p>
      <p className="my-3 rounded-control bg-raised px-3 py-2.5 font-mono text-dense break-all text-ink select-all">{link}</p>
      <p role="status" className="sr-only">{copied && "Copied"}</p>
    </Dialog>
  );
}
