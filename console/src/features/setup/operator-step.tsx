import { Check } from "lucide-react";
import { useState } from "react";
import { client, useMe } from "@/lib/api.ts";
import { clock, day } from "@/lib/format.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { explain } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { Button } from "@/ui/button.tsx";
import { Input, PasswordInput } from "@/ui/input.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { noteFirstAccount } from "./progress.ts";
import { Step } from "./step.tsx";

const SHORTEST = 12;

export const OperatorStep = () => (
  <Step number={1} state="open" title="Create the operator" note="The first account of an installation is its operator.">
    <OperatorForm />
  </Step>
);

export function OperatorCreated() {
  const { data: me } = useMe();
  const at = me && new Date(me.created_at);
  return <Step number={1} state="done" title={me?.operator === false ? "Account created" : "Operator created"} note={me && at ? <><span className="break-all">{me.email}</span>, <span className="numeric inline-block whitespace-nowrap">{day(at)}, {clock(at)}</span></> : "…"} />;
}

function OperatorForm() {
  const [password, setPassword] = useState("");
  const { submit, busy, error, taken } = useOperator();
  return (
    <form onSubmit={submitting(submit)} className="grid gap-4">
      {error !== null && <ProblemMessage error={error} />}
      {taken && <Message tone="bad" title="Somebody was first." link={{ to: `/login?${new URLSearchParams({ next: "/setup" })}`, text: "Sign in" }}>This installation has an account with this address. Sign in with it.</Message>}
      <div className="grid gap-4 md:grid-cols-2">
        <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus />
        <PasswordInput label="Password" name="password" autoComplete="new-password" required minLength={SHORTEST} maxLength={1024} value={password} onChange={(event) => { setPassword(event.target.value); }} hint={<Length count={password.length} />} />
      </div>
      <Message>Whoever registers first is the operator. Do this before others can reach the address.</Message>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-dense text-muted">Others can create accounts later.</p>
        <Button kind="ink" type="submit" busy={busy} busyLabel="Creating the account…" className="max-md:w-full">Create the account</Button>
      </div>
    </form>
  );
}

/** How long the password is, and how long it must be. */
const Length = ({ count }: { count: number }) => (
  <span className="numeric flex items-center gap-1.5">
    {count >= SHORTEST && <Check aria-hidden className="size-3.5" strokeWidth={2} />}
    {count === 0 ? `At least ${SHORTEST} characters` : `${count} characters, at least ${SHORTEST} are needed`}
  </span>
);

function useOperator() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [taken, setTaken] = useState(false);
  const submit = async (form: FormData) => {
    const [email, password] = [textOf(form, "email"), textOf(form, "password")];
    setBusy(true);
    setError(null);
    setTaken(false);
    try {
      await client.accounts.register(email, password);
      await session.signIn(email, password);
      noteFirstAccount();
    } catch (failure) {
      if (explain(failure).code === "email-taken") setTaken(true);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { submit, busy, error, taken };
}
