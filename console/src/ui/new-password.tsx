import { Check } from "lucide-react";
import { useState, type ReactNode } from "react";
import { PasswordInput } from "@/ui/input.tsx";

const SHORTEST = 12;

/** A new password, with its length as it is typed. */
export function NewPassword({ label = "Password", error, autoFocus, controlClassName }: { label?: string; error?: ReactNode; autoFocus?: boolean; controlClassName?: string }) {
  const [password, setPassword] = useState("");
  return <PasswordInput label={label} error={error} autoFocus={autoFocus} name="password" autoComplete="new-password" required minLength={SHORTEST} maxLength={1024} value={password} onChange={(event) => { setPassword(event.target.value); }} hint={<Length count={password.length} />} {...(controlClassName !== undefined && { controlClassName })} />;
}

const Length = ({ count }: { count: number }) => (
  <span className="numeric flex items-center gap-1.5">
    {count >= SHORTEST && <Check aria-hidden className="size-3.5" strokeWidth={2} />}
    {count === 0 ? `At least ${SHORTEST} characters` : `${count} characters, at least ${SHORTEST} are needed`}
  </span>
);
