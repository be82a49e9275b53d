import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { forgetLinkSecret, linkSecret } from "@/lib/link-secret.ts";
import "@/lib/problem-words.ts";
import { visitor } from "@/lib/visitor.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { LinkRefused, NoLink, stepAfter, type NextStep } from "@/ui/mail-link.tsx";

const SETTINGS: NextStep = { to: "/settings", text: "Open the settings" };
const CONSOLE: NextStep = { to: "/overview", text: "Open the console" };
const NEXT: Record<string, NextStep> = { "link-expired": SETTINGS, "link-unknown": SETTINGS, "link-used": CONSOLE, "email-taken": SETTINGS };

/** The link of a change of address: the button makes it the one to sign in with. */
export default function ConfirmEmailPage() {
  const [token] = useState(linkSecret);
  const [email, setEmail] = useState<string | null>(null);
  const { run, busy, error } = useAction(async () => {
    const confirmed = await visitor.links.confirmAddress(token ?? "");
    forgetLinkSecret();
    setEmail(confirmed.email);
  });
  if (email !== null) return <Confirmed email={email} />;
  const ended = stepAfter(error, NEXT) !== undefined;
  return (
    <EntryFrame title="Confirm your address" note={<>of your account on <strong className="font-medium text-ink">{location.host}</strong></>}>
      {token === null ? <NoLink next={CONSOLE} /> : (
        <div className="grid gap-5">
          {error !== null && <LinkRefused error={error} next={NEXT} />}
          {!ended && <p>From then on you sign in with the address to which this link was mailed. Your password stays.</p>}
          {!ended && <Button kind="ink" size="large" wide busy={busy} busyLabel="Confirming…" onClick={run}>Confirm the address</Button>}
        </div>
      )}
    </EntryFrame>
  );
}

const Confirmed = ({ email }: { email: string }) => (
  <EntryFrame title="Your address is confirmed" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
    <div className="grid gap-5">
      <p role="status">You sign in with <strong className="font-medium break-all">{email}</strong>.</p>
      <ButtonAnchor kind="ink" size="large" wide href="/overview">Open the console</ButtonAnchor>
    </div>
  </EntryFrame>
);
