import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { forgetLinkSecret, linkSecret } from "@/lib/link-secret.ts";
import "@/lib/problem-words.ts";
import { visitor } from "@/lib/visitor.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { LinkRefused, NoLink, stepAfter, type NextStep } from "@/ui/mail-link.tsx";

const SIGN_IN: NextStep = { to: "/login", text: "Sign in" };
const AGAIN: NextStep = { to: "/register", text: "Register again" };
const NEXT: Record<string, NextStep> = { "link-expired": AGAIN, "link-unknown": AGAIN, "link-used": SIGN_IN, "email-taken": SIGN_IN };

/** The link of a registration: the button makes the account. */
export default function VerifyEmailPage() {
  const [token] = useState(linkSecret);
  const [email, setEmail] = useState<string | null>(null);
  const { run, busy, error } = useAction(async () => {
    const made = await visitor.links.verifyAddress(token ?? "");
    forgetLinkSecret();
    setEmail(made.email);
  });
  if (email !== null) return <Made email={email} />;
  const ended = stepAfter(error, NEXT) !== undefined;
  return (
    <EntryFrame title="Confirm your address" note={<>for an account on <strong className="font-medium text-ink">{location.host}</strong></>}>
      {token === null ? <NoLink next={SIGN_IN} /> : (
        <div className="grid gap-5">
          {error !== null && <LinkRefused error={error} next={NEXT} />}
          {!ended && <p>With this you show that the address is yours, and the account is made.</p>}
          {!ended && <Button kind="ink" size="large" wide busy={busy} busyLabel="Making the account…" onClick={run}>Confirm and make the account</Button>}
        </div>
      )}
    </EntryFrame>
  );
}

const Made = ({ email }: { email: string }) => (
  <EntryFrame title="Your account is made" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
    <div className="grid gap-5">
      <p role="status"><strong className="font-medium break-all">{email}</strong> is confirmed. Sign in with it and the password that you chose.</p>
      <ButtonAnchor kind="ink" size="large" wide href={`/login?${new URLSearchParams({ email })}`}>Sign in</ButtonAnchor>
      <p className="text-dense text-muted">You were invited? Sign in first, then open the link of the invitation.</p>
    </div>
  </EntryFrame>
);
