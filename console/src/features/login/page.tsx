import { enterConsole } from "@/lib/enter.ts";
import { useFirstVisit } from "@/lib/first-visit.ts";
import { submitting } from "@/lib/forms.ts";
import { safeNext } from "@/lib/next.ts";
import { SIGN_IN_WORDS } from "@/lib/problems.ts";
import { useSignIn } from "@/lib/sign-in.ts";
import { Button } from "@/ui/button.tsx";
import { Input, PasswordInput } from "@/ui/input.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { ProviderButtons } from "@/ui/provider-buttons.tsx";
import { ANY_PASSKEY, CodeInput, PasskeyButton } from "@/ui/second-factor.tsx";

export default function LoginPage() {
  useFirstVisit();
  const query = new URLSearchParams(location.search);
  const email = query.get("email");
  const { step, first, second, passkey, again } = useSignIn(() => enterConsole(safeNext(query.get("next"))));
  const { run, busy, error } = first;
  if (step !== null) {
    return (
      <EntryFrame title="Second factor" note="The password is right.">
        <form onSubmit={submitting(second.run)} className="grid gap-5">
          {second.error !== null && <ProblemMessage error={second.error} />}
          {passkey.error !== null && <ProblemMessage error={passkey.error} />}
          <CodeInput methods={step.methods} autoFocus />
          <Button kind="ink" size="large" wide type="submit" busy={second.busy} busyLabel="Signing in…">Sign in</Button>
          <PasskeyButton methods={step.methods} onClick={passkey.run} busy={passkey.busy} />
        </form>
        <p className="mt-6 text-dense text-muted"><button type="button" className="link text-ink" onClick={again}>Start again</button></p>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title="Sign in" note={<>to <strong className="font-medium text-ink">{location.host}</strong></>}>
      <form onSubmit={submitting(run)} className="grid gap-5">
        {error !== null && <ProblemMessage error={error} words={SIGN_IN_WORDS} />}
        <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus={!email} defaultValue={email ?? ""} controlClassName="h-11" />
        <PasswordInput label="Password" name="password" autoComplete="current-password" required autoFocus={Boolean(email)} controlClassName="h-11" />
        <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Signing in…">Sign in</Button>
        {passkey.error !== null && <ProblemMessage error={passkey.error} />}
        <PasskeyButton methods={ANY_PASSKEY} onClick={passkey.run} busy={passkey.busy} />
      </form>
      <ProviderButtons returnTo={safeNext(query.get("next"))} />
      <p className="mt-6 text-dense text-muted">
        No account yet? <a href="/register" className="link text-ink">Create one</a>.
      </p>
    </EntryFrame>
  );
}
