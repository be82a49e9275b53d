import type { Setup } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { useFirstVisit } from "@/lib/first-visit.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import "@/lib/problem-words.ts";
import { faultOf } from "@/lib/problems.ts";
import { visitor } from "@/lib/visitor.ts";
import { Button } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Input } from "@/ui/input.tsx";
import { LookInMail } from "@/ui/look-in-mail.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

/** Have a link mailed that sets a new password. The answer does not say whether the address has an account. */
export default function ForgotPasswordPage() {
  const setup = useFirstVisit();
  const [email, setEmail] = useState(() => new URLSearchParams(location.search).get("email") ?? "");
  const [mailed, setMailed] = useState(false);
  const ask = async (address: string) => { await visitor.links.forgotPassword(address); };
  const { run, busy, error } = useAction(async (form: FormData) => {
    const address = textOf(form, "email");
    setEmail(address);
    await ask(address);
    setMailed(true);
  });
  if (mailed) return <Mailed email={email} setup={setup} resend={() => ask(email)} onOther={() => { setMailed(false); }} />;
  const fault = faultOf(error, "email");
  return (
    <EntryFrame title="Forgot your password?" note="A mail brings a link that sets a new one.">
      {setup?.mail === false ? <Message tone="warn" title="This installation sends no mail.">Ask its operator. A passkey, where you have one, still signs you in.</Message> : (
        <form onSubmit={submitting(run)} className="grid gap-5">
          {error !== null && fault === undefined && <ProblemMessage error={error} />}
          <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus defaultValue={email} error={fault} controlClassName="h-11" />
          <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Sending…">Send the link</Button>
        </form>
      )}
      <p className="mt-6 text-dense text-muted">You know it? <a href="/login" className="link text-ink">Sign in</a>.</p>
    </EntryFrame>
  );
}

const Mailed = ({ email, ...rest }: { email: string; setup: Setup | null | undefined; resend: () => Promise<void>; onOther: () => void }) => (
  <EntryFrame title="Look in your mail" note="for a link that sets a new password">
    <LookInMail {...rest}>
      <p>If <strong className="font-medium break-all">{email}</strong> has an account, a mail is on its way. Its link works once, within an hour.</p>
    </LookInMail>
  </EntryFrame>
);
