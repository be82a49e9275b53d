import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { forgetLinkSecret, linkSecret } from "@/lib/link-secret.ts";
import "@/lib/problem-words.ts";
import { faultOf } from "@/lib/problems.ts";
import { noteSignedIn } from "@/lib/signed-in.ts";
import { visitor } from "@/lib/visitor.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { LinkRefused, NoLink, stepAfter, type NextStep } from "@/ui/mail-link.tsx";
import { NewPassword } from "@/ui/new-password.tsx";

const AGAIN: NextStep = { to: "/forgot-password", text: "Have a new link sent" };
const NEXT: Record<string, NextStep> = { "link-expired": AGAIN, "link-unknown": AGAIN, "link-used": AGAIN };

/** The link of a forgotten password: the form sets a new one. */
export default function ResetPasswordPage() {
  const [token] = useState(linkSecret);
  const [done, setDone] = useState(false);
  const { run, busy, error } = useAction(async (form: FormData) => {
    await visitor.links.resetPassword(token ?? "", textOf(form, "password"));
    forgetLinkSecret();
    noteSignedIn(false);
    setDone(true);
  });
  if (done) return <Done />;
  const fault = faultOf(error, "password");
  const ended = stepAfter(error, NEXT) !== undefined;
  return (
    <EntryFrame title="Set a new password" note={<>of your account on <strong className="font-medium text-ink">{location.host}</strong></>}>
      {token === null ? <NoLink next={AGAIN} /> : (
        <form onSubmit={submitting(run)} className="grid gap-5">
          {error !== null && fault === undefined && <LinkRefused error={error} next={NEXT} />}
          {!ended && <NewPassword label="New password" error={fault} autoFocus controlClassName="h-11" />}
          {!ended && <p className="text-dense text-muted">All your login sessions end, on every device.</p>}
          {!ended && <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Setting the password…">Set the password</Button>}
        </form>
      )}
    </EntryFrame>
  );
}

const Done = () => (
  <EntryFrame title="The new password is set" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
    <div className="grid gap-5">
      <p role="status">All login sessions have ended. Sign in with the new password; a second factor stays as it is.</p>
      <ButtonAnchor kind="ink" size="large" wide href="/login">Sign in</ButtonAnchor>
    </div>
  </EntryFrame>
);
