import { ApiProblem } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { useMe } from "@/lib/api.ts";
import { answerQuestion, useIsAsked } from "@/lib/confirmation.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { useIdentities } from "@/lib/identities.ts";
import { askForPasskey } from "@/lib/passkeys.ts";
import { goTo } from "@/lib/providers.ts";
import { session } from "@/lib/session.ts";
import { codeOf } from "@/lib/sign-in.ts";
import { Button } from "@/ui/button.tsx";
import { Modal } from "@/ui/dialog.tsx";
import { PasswordInput } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { ANY_PASSKEY, CodeInput, PasskeyButton } from "@/ui/second-factor.tsx";

/** Asks who is there before keys are exported, something is deleted or the sign-in is changed; the request waits. */
export function ConfirmIdentity() {
  return useIsAsked() ? <Question /> : null;
}

function Question() {
  const { data: me } = useMe();
  // Learned from the first refusal: the fields of a user without a second factor are no use to them.
  const [methods, setMethods] = useState<readonly string[]>([]);
  const password = useAction(async (form: FormData) => {
    const code = methods.length > 0 ? codeOf(form) : {};
    const needed = await confirm({ password: textOf(form, "password"), ...code });
    if (needed === null) answerQuestion(true);
    else setMethods(needed);
  });
  const passkey = useAction(async () => {
    await session.confirmBy({ passkey: await askForPasskey(await session.confirmOptions()) });
    answerQuestion(true);
  });
  const provider = useIdentities()?.confirming;
  const away = useAction((id: string) => goTo(id, "confirm", location.pathname + location.search));
  const error = password.error ?? passkey.error ?? away.error;
  return (
    <Modal open onClose={() => { answerQuestion(false); }} label="Confirm who you are" className="m-auto w-[min(440px,calc(100vw-32px))] rounded-card">
      <form onSubmit={submitting(password.run)} className="grid gap-4 p-5">
        <div>
          <h2 className="text-lead font-semibold">Confirm who you are.</h2>
          <p className="text-dense text-muted">You signed in more than ten minutes ago. What you started goes on after this.</p>
        </div>
        {error !== null && <ProblemMessage error={error} />}
        <input type="hidden" name="email" value={me?.email ?? ""} autoComplete="username" />
        <PasswordInput label="Password" name="password" autoComplete="current-password" autoFocus required />
        {methods.length > 0 && <CodeInput methods={methods} autoFocus />}
        <PasskeyButton methods={ANY_PASSKEY} onClick={passkey.run} busy={passkey.busy} />
        {provider && <Button size="large" wide busy={away.busy} onClick={() => { away.run(provider.id); }}>Confirm with {provider.name}, then start again</Button>}
        <div className="flex flex-wrap justify-end gap-2">
          <Button kind="ghost" onClick={() => { answerQuestion(false); }}>Cancel</Button>
          <Button kind="ink" type="submit" busy={password.busy}>Confirm</Button>
        </div>
      </form>
    </Modal>
  );
}

/** Send a proof; return the second factors of which one is missing, or null if it was enough. */
async function confirm(proof: Parameters<typeof session.confirmBy>[0]): Promise<readonly string[] | null> {
  try {
    await session.confirmBy(proof);
    return null;
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "second-factor-required") return error.methods;
    throw error;
  }
}
