import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { forgetLinkSecret, linkSecret } from "@/lib/link-secret.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

type Answer = "confirm" | "refuse";

/** The link of the mail to a user whose second factors an operator wants to remove. Only a button changes something. */
export default function ResetFactorsPage() {
  const [token] = useState(linkSecret);
  const [done, setDone] = useState<Answer | null>(null);
  const { run, busy, error } = useAction(async (answer: Answer) => {
    await client.administration.answerFactorReset(token ?? "", answer);
    forgetLinkSecret();
    setDone(answer);
  });
  if (done === "confirm") return <Frame><Message tone="ok" title="Your second factors are removed.">All sessions have ended. Sign in with your password, then add a new factor in Settings.</Message><SignIn /></Frame>;
  if (done === "refuse") return <Frame><Message tone="ok" title="Nothing was removed.">The request has ended. If you did not ask for it, change your password and write to your operator.</Message><SignIn /></Frame>;
  if (token === null) return <Frame><Message tone="warn" title="There is no request in this address.">Open the link of the mail again, whole and in this browser.</Message></Frame>;
  return (
    <Frame>
      <p>An operator wants to remove your authenticator app, your passkeys and your recovery codes, because somebody has reported them as lost. Your password stays.</p>
      {error !== null && <ProblemMessage error={error} />}
      <Button kind="danger" size="large" wide busy={busy} onClick={() => { run("confirm"); }}>Remove my second factors</Button>
      <Button size="large" wide disabled={busy} onClick={() => { run("refuse"); }}>I did not ask for it</Button>
    </Frame>
  );
}

const SignIn = () => <ButtonAnchor kind="ink" size="large" wide href="/login">Sign in</ButtonAnchor>;

const Frame = ({ children }: { children: React.ReactNode }) => (
  <EntryFrame title="Reset your second factors" note="asked for by an operator">
    <div className="grid gap-4">{children}</div>
  </EntryFrame>
);
