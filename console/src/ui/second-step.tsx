import { submitting } from "@/lib/forms.ts";
import "@/lib/problem-words.ts";
import type { SignIn } from "@/lib/sign-in.ts";
import { Button } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { CodeInput, PasskeyButton } from "@/ui/second-factor.tsx";

/** The second step of a sign-in: a code or a passkey. `note` says what the first one has shown. */
export default function SecondStepForm({ signIn, note, onAgain }: { signIn: SignIn; note: string; onAgain: () => void }) {
  const { step, second, passkey } = signIn;
  if (step === null) return null;
  return (
    <EntryFrame title="Second factor" note={note}>
      <form onSubmit={submitting(second.run)} className="grid gap-5">
        {second.error !== null && <ProblemMessage error={second.error} />}
        {passkey.error !== null && <ProblemMessage error={passkey.error} />}
        <CodeInput methods={step.methods} autoFocus />
        <Button kind="ink" size="large" wide type="submit" busy={second.busy} busyLabel="Signing in…">Sign in</Button>
        <PasskeyButton methods={step.methods} onClick={passkey.run} busy={passkey.busy} />
      </form>
      <p className="mt-6 text-dense text-muted"><button type="button" className="link text-ink" onClick={onAgain}>Start again</button></p>
    </EntryFrame>
  );
}
