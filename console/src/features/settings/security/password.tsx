import { useState } from "react";
import { Row, Section } from "@/features/settings/section.tsx";
import { sessionsChanged } from "@/features/settings/security/data.ts";
import { useAction } from "@/lib/action.ts";
import { client, useMe } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { useInstallation } from "@/lib/installation.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { PasswordInput } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { NewPassword } from "@/ui/new-password.tsx";
import { toast } from "@/ui/toast.tsx";

const FORM = "password-change";

/** The password. */
export function PasswordSection() {
  const [asking, setAsking] = useState(false);
  return (
    <Section id="password" title="Sign-in">
      <Row title="Password" note="A change ends all other login sessions" control={<Button size="small" onClick={() => { setAsking(true); }}>Change password…</Button>}>
        {asking && <PasswordDialog onClose={() => { setAsking(false); }} />}
      </Row>
    </Section>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { data: me } = useMe();
  const { data: installation } = useInstallation();
  const { run, busy, error } = useAction(async (form: FormData) => {
    await client.person.changePassword(textOf(form, "current-password"), textOf(form, "password"));
    toast("Your password is changed", { text: "All other login sessions have ended." });
    onClose();
    await sessionsChanged();
  });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Change the password</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Change your password" actions={actions}>
      <form id={FORM} onSubmit={submitting(run)} className="mt-2 grid gap-4 text-ink">
        {error !== null && <ProblemMessage error={error} />}
        {/* Password managers keep the new one under this name. */}
        <input type="hidden" name="email" value={me?.email ?? ""} autoComplete="username" />
        <PasswordInput label="Current password" name="current-password" autoComplete="current-password" maxLength={4096} autoFocus required />
        <NewPassword label="New password" />
        {installation?.mail && <p className="text-caption text-muted">Forgotten, or never set? <a className="link text-ink" href="/forgot-password">Set one by a link in a mail</a>; it ends all login sessions.</p>}
      </form>
    </Dialog>
  );
}
