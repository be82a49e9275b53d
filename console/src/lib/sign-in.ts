import { ApiProblem } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { textOf } from "@/lib/forms.ts";
import { askForPasskey } from "@/lib/passkeys.ts";
import { session } from "@/lib/session.ts";

/** The second step of a sign-in: what finishes it, and the factors of the user. */
export interface SecondStep {
  pending: string;
  methods: readonly string[];
}

/** A sign-in in up to two steps; `done` comes after the last. */
export function useSignIn(done: () => Promise<void>) {
  const [step, setStep] = useState<SecondStep | null>(null);
  const first = useAction(async (form: FormData) => {
    const next = await begin(textOf(form, "email"), textOf(form, "password"));
    setStep(next);
    if (next === null) await done();
  });
  const second = useAction(async (form: FormData) => {
    if (step === null) return;
    await session.finishSignIn(step.pending, codeOf(form));
    await done();
  });
  const passkey = useAction(async () => {
    const credential = await askForPasskey(await session.passkeyOptions(step?.pending));
    await (step === null ? session.signInByPasskey(credential) : session.finishSignIn(step.pending, { passkey: credential }));
    await done();
  });
  return { step, first, second, passkey, again: () => { setStep(null); } };
}

/** The code that was typed: six digits of an app, or else a recovery code. */
export function codeOf(form: FormData): { otp: string } | { recovery_code: string } {
  const code = textOf(form, "code").trim();
  return /^[\d ]{6,7}$/.test(code) ? { otp: code } : { recovery_code: code };
}

async function begin(email: string, password: string): Promise<SecondStep | null> {
  try {
    await session.signIn(email, password);
    return null;
  } catch (error) {
    if (error instanceof ApiProblem && error.pending !== null) return { pending: error.pending, methods: error.methods };
    throw error;
  }
}
