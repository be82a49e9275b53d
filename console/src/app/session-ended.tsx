import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { continueAs, useMe } from "@/lib/api.ts";
import { submitting } from "@/lib/forms.ts";
import { SIGN_IN_WORDS } from "@/lib/problems.ts";
import { isLeaving, useSessionState } from "@/lib/session.ts";
import { useSignIn } from "@/lib/sign-in.ts";
import { Button } from "@/ui/button.tsx";
import { Modal } from "@/ui/dialog.tsx";
import { PasswordInput } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { CodeInput, PasskeyButton } from "@/ui/second-factor.tsx";

/** Asks to sign in on top of the page, which keeps what was typed. Nothing of the page is seen meanwhile. */
export function SessionEnded() {
  const state = useSessionState();
  const { data: me } = useMe();
  const ended = state === "signed-out" && !isLeaving();
  const unknown = ended && me === undefined;
  useEffect(() => {
    // Nobody was known yet, so there is nothing to keep.
    if (unknown) location.replace(`/login?${new URLSearchParams({ next: location.pathname + location.search })}`);
  }, [unknown]);
  return ended && me ? <Question email={me.email} /> : null;
}

function Question({ email }: { email: string }) {
  const navigate = useNavigate();
  const { step, first, second, passkey } = useSignIn(async () => {
    if ((await continueAs(email)) === "other") await navigate({ to: "/overview" });
  });
  const { run, busy, error } = step === null ? first : second;
  return (
    <Modal open label="The session has ended" className="m-auto w-[min(440px,calc(100vw-32px))] rounded-card backdrop:bg-bg">
      <form onSubmit={submitting(run)} className="grid gap-4 p-5">
        <div>
          <h2 className="text-lead font-semibold">The session has ended.</h2>
          <p className="text-dense text-muted">Sign in to go on where you were. What you entered is kept.</p>
        </div>
        {error !== null && <ProblemMessage error={error} words={SIGN_IN_WORDS} />}
        {passkey.error !== null && <ProblemMessage error={passkey.error} />}
        <p className="text-dense">Account <strong className="font-medium">{email}</strong></p>
        <input type="hidden" name="email" value={email} autoComplete="username" />
        {step === null && <PasswordInput label="Password" name="password" autoComplete="current-password" autoFocus required />}
        {step !== null && <CodeInput methods={step.methods} autoFocus />}
        {step !== null && <PasskeyButton methods={step.methods} onClick={passkey.run} busy={passkey.busy} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button kind="ghost" onClick={() => { location.assign("/login"); }}>Use another account</Button>
          <Button kind="ink" type="submit" busy={busy}>Sign in</Button>
        </div>
      </form>
    </Modal>
  );
}
