import { useQuery } from "@tanstack/react-query";
import { useAction } from "@/lib/action.ts";
import { client, useMe } from "@/lib/api.ts";
import { clock, day } from "@/lib/format.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { explain, faultOf } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { Button } from "@/ui/button.tsx";
import { Input } from "@/ui/input.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { NewPassword } from "@/ui/new-password.tsx";
import { noteFirstAccount, operatorCode } from "./progress.ts";
import { Step } from "./step.tsx";

export const OperatorStep = () => (
  <Step number={1} state="open" title="Create the operator" note="The person who may see and change everything in this installation.">
    <OperatorForm />
  </Step>
);

export function OperatorCreated() {
  const { data: me } = useMe();
  const at = me && new Date(me.created_at);
  return <Step number={1} state="done" title={me?.operator === false ? "Account created" : "Operator created"} note={me && at ? <><span className="break-all">{me.email}</span>, <span className="numeric inline-block whitespace-nowrap">{day(at)}, {clock(at)}</span></> : "…"} />;
}

function OperatorForm() {
  const { run, busy, error } = useAction(async (form: FormData) => {
    const [email, password] = [textOf(form, "email"), textOf(form, "password")];
    await client.accounts.register(email, password, { operator_code: textOf(form, "code").trim() });
    await session.signIn(email, password);
    noteFirstAccount();
  });
  const code = error === null ? undefined : explain(error).code;
  const late = useOperatorMeanwhile(code === "operator-code-invalid") || code === "email-taken";
  const wrong = { email: faultOf(error, "email"), password: faultOf(error, "password") };
  return (
    <form onSubmit={submitting(run)} className="grid gap-4">
      {error !== null && !late && wrong.email === undefined && wrong.password === undefined && <ProblemMessage error={error} />}
      {late && <Message tone="bad" title="Somebody was first." link={{ to: `/login?${new URLSearchParams({ next: "/setup" })}`, text: "Sign in" }}>{code === "email-taken" ? "This installation has an account with this address. Sign in with it." : "This installation has an operator. Sign in with your own account."}</Message>}
      <div className="grid gap-4 md:grid-cols-2">
        <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus error={wrong.email} />
        <NewPassword error={wrong.password} />
      </div>
      <Input label="One-time code" name="code" autoComplete="off" spellCheck={false} required defaultValue={operatorCode} hint="imageshield up prints it when it starts. It works once." />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-dense text-muted">Others can create accounts later.</p>
        <Button kind="ink" type="submit" busy={busy} busyLabel="Creating the account…" className="max-md:w-full">Create the account</Button>
      </div>
    </form>
  );
}

/** Whether somebody else has used the code: that is not the fault of the person who has just typed it. */
function useOperatorMeanwhile(refused: boolean): boolean {
  const { data } = useQuery({ queryKey: ["setup", "meanwhile"], queryFn: ({ signal }) => client.accounts.setup({ signal }), enabled: refused, staleTime: 0 });
  return refused && data?.operator === true;
}
