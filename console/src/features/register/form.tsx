import type { Setup } from "@imageshield/client";
import type { ReactNode } from "react";
import { submitting } from "@/lib/forms.ts";
import { explain, faultOf } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { NewPassword } from "@/ui/new-password.tsx";
import type { useRegistration } from "./registration.ts";

interface Props {
  registration: ReturnType<typeof useRegistration>;
  setup: Setup | null;
  /** Whether the address is that of an invitation. */
  invited: boolean;
  signIn: (email: string) => string;
}

export function RegistrationForm({ registration, setup, invited, signIn }: Props) {
  const { run, busy, error, email } = registration;
  const wrong = { email: emailFault(error, signIn(email)), password: faultOf(error, "password") };
  return (
    <form onSubmit={submitting(run)} className="grid gap-5">
      {error !== null && wrong.email === undefined && wrong.password === undefined && <ProblemMessage error={error} />}
      <Input label="Email" name="email" type="email" autoComplete="username" required autoFocus={!invited} defaultValue={email} hint={invited ? "The invitation was mailed to this address." : HINTS[setup?.registration ?? "open"]} error={wrong.email} controlClassName="h-11" />
      <NewPassword error={wrong.password} autoFocus={invited} controlClassName="h-11" />
      <Button kind="ink" size="large" wide type="submit" busy={busy} busyLabel="Creating the account…">Create the account</Button>
    </form>
  );
}

const HINTS: Partial<Record<Setup["registration"], string>> = {
  invitation: "The address to which you were invited.",
  domains: "An address of your organization.",
};

/** Codes that are about the address alone. */
const OF_ADDRESS = ["invitation-required", "email-domain-refused"];

function emailFault(error: unknown, signIn: string): ReactNode {
  if (error === null) return undefined;
  const { code = "", sentence } = explain(error);
  if (code === "email-taken") return <>This address has an account. <a href={signIn} className="link">Sign in</a></>;
  return OF_ADDRESS.includes(code) ? sentence : faultOf(error, "email");
}
