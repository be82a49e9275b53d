import type { Setup } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { enterConsole } from "@/lib/enter.ts";
import { textOf } from "@/lib/forms.ts";
import { proofOfWork } from "@/lib/proof-of-work.ts";
import { session } from "@/lib/session.ts";
import { visitor } from "@/lib/visitor.ts";

/** A registration: `mailed` once a link is on its way that makes the account; without such mails it ends in the console. */
export function useRegistration(setup: Setup | null | undefined, next: string, invited: string) {
  const [typed, setTyped] = useState({ email: invited, password: "" });
  const [mailed, setMailed] = useState(false);
  const register = async (email: string, password: string) => visitor.accounts.register(email, password, await proofOfWork(visitor, setup));
  const { run, busy, error } = useAction(async (form: FormData) => {
    const [email, password] = [textOf(form, "email"), textOf(form, "password")];
    setTyped({ email, password });
    const made = await register(email, password);
    if (made.account_id === undefined) {
      setMailed(true);
      return;
    }
    await session.signIn(email, password);
    await enterConsole(next);
  });
  const resend = async () => { await register(typed.email, typed.password); };
  return { run, busy, error, email: typed.email, mailed, resend, again: () => { setMailed(false); } };
}
