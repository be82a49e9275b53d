import { MailCheck } from "lucide-react";
import { useState } from "react";
import { Row } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { useInstallation } from "@/lib/installation.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Bone } from "@/ui/empty.tsx";
import { Input } from "@/ui/input.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

const FORM = "address";

/** The address that the user signs in with. A mail to the new one makes the change. */
export function AddressRow({ email }: { email: string | undefined }) {
  const { data: setup } = useInstallation();
  const [asking, setAsking] = useState(false);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const noMail = setup?.mail === false;
  return (
    <Row
      title={email ?? <Bone className="my-[3px] h-3.5 w-48" />}
      note={noMail ? "You sign in with this address. The service sends no mail, so only its operator can change it." : "You sign in with this address, and mails go to it."}
      control={!noMail && <Button size="small" onClick={() => { setAsking(true); }}>Change address…</Button>}
    >
      {sentTo !== null && <Message icon={MailCheck} title="Look in your mail.">{sentTo === email ? <>A link went to <b className="font-medium break-all">{sentTo}</b>. It confirms the address.</> : <>A link went to <b className="font-medium break-all">{sentTo}</b>. Until you follow it, you sign in as before. It works once, within 24 hours.</>}</Message>}
      {asking && <AddressDialog onClose={() => { setAsking(false); }} onSent={(to) => { setSentTo(to); setAsking(false); }} />}
    </Row>
  );
}

function AddressDialog({ onClose, onSent }: { onClose: () => void; onSent: (email: string) => void }) {
  const { run, busy, error } = useAction(async (form: FormData) => {
    onSent((await client.person.changeAddress(textOf(form, "email").trim())).email);
  });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Send the link</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Change your address" actions={actions}>
      <form id={FORM} onSubmit={submitting(run)} className="mt-2 grid gap-4 text-ink">
        {error !== null && <ProblemMessage error={error} />}
        <Input type="email" name="email" label="New address" hint="A link goes there, and nothing changes until you follow it. Your present address works too: then the link confirms it." maxLength={254} autoComplete="email" autoFocus required />
      </form>
    </Dialog>
  );
}
