import type { Setup } from "@imageshield/client";
import { Mailbox } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useAction } from "@/lib/action.ts";
import { Button } from "@/ui/button.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

interface Props {
  setup: Setup | null | undefined;
  /** What the mail is for. */
  children: ReactNode;
  /** Have the mail sent again. */
  resend: () => Promise<void>;
  onOther: () => void;
}

/** A mail is on its way, or not: the page does not say whether the address has an account. */
export function LookInMail({ setup, children, resend, onOther }: Props) {
  const [again, setAgain] = useState(false);
  const { run, busy, error } = useAction(async () => {
    setAgain(false);
    await resend();
    setAgain(true);
  });
  return (
    <div className="grid gap-5">
      <div className="grid gap-2">{children}</div>
      {setup?.outbox === true && <Message icon={Mailbox} title="This installation has no mail server.">Its mails go to a folder. The operator reads them in the console, on the page Outbox.</Message>}
      {error !== null && <ProblemMessage error={error} />}
      <Button size="large" wide onClick={run} busy={busy} busyLabel="Sending…">Send it again</Button>
      <p role="status" className="text-dense text-muted">{again ? "Sent again. One address gets at most five of these mails an hour." : "Nothing there? Look among the spam as well."}</p>
      <p className="text-dense text-muted"><button type="button" className="link text-ink" onClick={onOther}>Use another address</button></p>
    </div>
  );
}
