import { KeyRound } from "lucide-react";
import { hasPasskeys } from "@/lib/passkeys.ts";
import { Button } from "@/ui/button.tsx";
import { Input } from "@/ui/input.tsx";

const APP = "otp";
const PASSKEY = "hwk";

/** The field for a code of the user's app, or for a recovery code. */
export function CodeInput({ methods, autoFocus }: { methods: readonly string[]; autoFocus?: boolean }) {
  const fromApp = methods.includes(APP);
  return (
    <Input
      label={fromApp ? "Code" : "Recovery code"}
      hint={fromApp ? "Six digits from your authenticator app, or a recovery code." : "One that you have not used yet."}
      name="code"
      autoComplete="one-time-code"
      autoCapitalize="off"
      spellCheck={false}
      required
      autoFocus={autoFocus}
      controlClassName="h-11 font-mono"
    />
  );
}

/** A button that lets the browser ask for a passkey; nothing where it cannot. */
export function PasskeyButton({ methods, onClick, busy }: { methods: readonly string[]; onClick: () => void; busy: boolean }) {
  if (!methods.includes(PASSKEY) || !hasPasskeys()) return null;
  return <Button kind="outline" size="large" wide icon={KeyRound} onClick={onClick} busy={busy}>Use a passkey</Button>;
}

export const ANY_PASSKEY = [PASSKEY];
