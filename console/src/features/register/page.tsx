import { Client, NoSession } from "@imageshield/client";
import { Check } from "lucide-react";
import { useState } from "react";
import { enterConsole } from "@/lib/enter.ts";
import { useFirstVisit } from "@/lib/first-visit.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { explain } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { Button } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Input, PasswordInput } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const SHORTEST = 12;

export default function RegisterPage() {
  useFirstVisit();
  const [password, setPassword] = useState("");
  const { submit, busy, error, taken } = useRegistration();
  return (
    <EntryFrame title="Create an account" note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>
      <form onSubmit={submitting(submit)} className="grid gap-5">
        {error !== null && <ProblemMessage error={error} />}
        <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus error={taken && <>This address has an account. <a href={`/login?${new URLSearchParams({ email: taken })}`} className="link">Sign in</a></>} controlClassName="h-11" />
        <PasswordInput label="Password" name="password" autoComplete="new-password" required minLength={SHORTEST} maxLength={1024} value={password} onChange={(event) => { setPassword(event.target.value); }} hint={<Length count={password.length} />} controlClassName="h-11" />
        <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Creating the account…">Create the account</Button>
      </form>
      <p className="mt-6 text-dense text-muted">
        You have one? <a href="/login" className="link text-ink">Sign in</a>.
      </p>
    </EntryFrame>
  );
}

/** How long the password is, and how long it must be. */
const Length = ({ count }: { count: number }) => (
  <span className="numeric flex items-center gap-1.5">
    {count >= SHORTEST && <Check aria-hidden className="size-3.5" strokeWidth={2} />}
    {count === 0 ? `At least ${SHORTEST} characters` : `${count} characters, at least ${SHORTEST} are needed`}
  </span>
);

function useRegistration() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [taken, setTaken] = useState("");
  const submit = async (form: FormData) => {
    const [email, password] = [textOf(form, "email"), textOf(form, "password")];
    setBusy(true);
    setError(null);
    setTaken("");
    try {
      await new Client({ session: new NoSession({ url: location.origin }) }).accounts.register(email, password);
      await session.signIn(email, password);
      await enterConsole("/overview");
    } catch (failure) {
      if (explain(failure).code === "email-taken") setTaken(email);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { submit, busy, error, taken };
}
