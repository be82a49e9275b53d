import { lazy, Suspense } from "react";
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
import { ANY_PASSKEY, PasskeyButton } from "@/ui/second-factor.tsx";

// Few users have a second factor: the others need not load its form.
const SecondStepForm = lazy(() => import("@/ui/second-step.tsx"));

export default function LoginPage() {
  const setup = useFirstVisit();
  const query = new URLSearchParams(location.search);
  const email = query.get("email");
  const signIn = useSignIn(() => enterConsole(safeNext(query.get("next"))));
  const { step, passkey, again } = signIn;
  const { run, busy, error } = signIn.first;
  if (step !== null) return <Suspense><SecondStepForm signIn={signIn} note="The password is right." onAgain={again} /></Suspense>;
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
      <div className="mt-6 flex flex-wrap justify-between gap-x-6 gap-y-2 text-dense text-muted">
        <p>No account yet? {setup?.registration === "closed" ? "Ask the operator for one." : <><a href={`/register${location.search}`} className="link text-ink">Create one</a>.</>}</p>
        {setup?.mail === true && <a href="/forgot-password" className="link">Forgot your password?</a>}
      </div>
    </EntryFrame>
  );
}
