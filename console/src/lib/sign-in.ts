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

export type SignIn = ReturnType<typeof useSignIn>;

/** A sign-in in up to two steps; `done` comes after the last. `begun`: another page has done the first one. */
export function useSignIn(done: () => Promise<void>, begun: SecondStep | null = null) {
  const [step, setStep] = useState<SecondStep | null>(begun);
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
    const next = secondStepOf(error);
    if (next !== null) return next;
    throw error;
  }
}

/** The second step that a refusal asks for; null for other errors. */
export function secondStepOf(error: unknown): SecondStep | null {
  return error instanceof ApiProblem && error.pending !== null ? { pending: error.pending, methods: error.methods } : null;
}
