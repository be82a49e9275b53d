import type { Passkey } from "@imageshield/client";
import { factorsChanged, useSessions } from "@/features/settings/security/data.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { makePasskey } from "@/lib/new-passkey.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

const FORM = "passkey";
const LONGEST = 64;

/** A name for a further passkey; then the browser asks where to keep it. */
export function AddDialog({ onClose, onCodes }: { onClose: () => void; onCodes: (codes: readonly string[]) => void }) {
  const { data: sessions } = useSessions();
  const { run, busy, error } = useAction(async (form: FormData) => {
    const credential = await makePasskey(await client.factors.passkeyOptions());
    const { recovery_codes } = await client.factors.addPasskey(textOf(form, "name").trim(), credential);
    onClose();
    if (recovery_codes) onCodes(recovery_codes);
    else toast("The passkey is added");
    await factorsChanged();
  });
  const device = sessions?.data.find((one) => one.current)?.device ?? "";
  return (
    <NameDialog title="Add a passkey" act="Add the passkey" name={device.slice(0, LONGEST)} hint="Your own name for it. Then the browser asks where to keep it." busy={busy} error={error} onClose={onClose} onSubmit={run} />
  );
}

export function RenameDialog({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const { run, busy, error } = useAction(async (form: FormData) => {
    await client.factors.renamePasskey(passkey.id, textOf(form, "name").trim());
    onClose();
    await factorsChanged();
  });
  return <NameDialog title="Rename the passkey" act="Rename" name={passkey.name} busy={busy} error={error} onClose={onClose} onSubmit={run} />;
}

interface Props {
  title: string;
  act: string;
  name: string;
  hint?: string;
  busy: boolean;
  error: unknown;
  onClose: () => void;
  onSubmit: (form: FormData) => void;
}

function NameDialog({ title, act, name, hint, busy, error, onClose, onSubmit }: Props) {
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>{act}</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title={title} actions={actions}>
      <form id={FORM} onSubmit={submitting(onSubmit)} className="mt-2 grid gap-4 text-ink">
        {error !== null && <ProblemMessage error={error} />}
        <Input label="Name" name="name" defaultValue={name} hint={hint} maxLength={LONGEST} autoComplete="off" autoFocus required />
      </form>
    </Dialog>
  );
}
