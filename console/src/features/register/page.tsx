import { Client, NoSession } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { enterConsole } from "@/lib/enter.ts";
import { useFirstVisit } from "@/lib/first-visit.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { explain } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { Button } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { NewPassword } from "@/ui/new-password.tsx";
import { ProviderButtons } from "@/ui/provider-buttons.tsx";

export default function RegisterPage() {
  useFirstVisit();
  const [email, setEmail] = useState("");
  const [mailed, setMailed] = useState(false);
  const { run, busy, error } = useAction(async (form: FormData) => {
    const [address, password] = [textOf(form, "email"), textOf(form, "password")];
    setEmail(address);
    const made = await new Client({ session: new NoSession({ url: location.origin }) }).accounts.register(address, password);
    if (made.account_id === undefined) {
      setMailed(true);
      return;
    }
    await session.signIn(address, password);
    await enterConsole("/overview");
  });
  const taken = error !== null && explain(error).code === "email-taken";
  if (mailed) {
    return (
      <EntryFrame title="Confirm your address" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
        <p>A mail is on its way to <strong className="font-medium break-all text-ink">{email}</strong>. Open its link within 24 hours: then the account is made.</p>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title="Create an account" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
      <form onSubmit={submitting(run)} className="grid gap-5">
        {error !== null && !taken && <ProblemMessage error={error} />}
        <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus error={taken && <>This address has an account. <a href={`/login?${new URLSearchParams({ email })}`} className="link">Sign in</a></>} controlClassName="h-11" />
        <NewPassword controlClassName="h-11" />
        <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Creating the account…">Create the account</Button>
      </form>
      <ProviderButtons returnTo="/overview" registering />
      <p className="mt-6 text-dense text-muted">
        You have one? <a href="/login" className="link text-ink">Sign in</a>.
      </p>
    </EntryFrame>
  );
}
