import { ChevronsUpDown, KeyRound, Shield, Users, type LucideIcon } from "lucide-react";
import { useId } from "react";
import type { Choices, Custody, LockFaults } from "@/lib/choices.ts";
import { usePhone } from "@/lib/hooks.ts";
import { Checkbox, RadioCards } from "@/ui/choice.tsx";
import { Chooser } from "@/ui/file-drop.tsx";
import { PasswordInput, TextArea } from "@/ui/input.tsx";
import { Menu } from "@/ui/menu.tsx";

interface Props {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  /** Shown once somebody tried to go on. */
  faults: LockFaults;
}

export const CUSTODIES: Record<Custody, { icon: LucideIcon; name: string; text: string }> = {
  managed: { icon: Shield, name: "This service, for your account", text: "No password to lose. The service could open it." },
  passphrase: { icon: KeyRound, name: "The key file with a password", text: "The service opens it only with the password. It cannot be reset." },
  recipient: { icon: Users, name: "Only the owners of public keys", text: "On their own machines. The service cannot open it afterwards." },
};

/** Who can open the picture, in plain words, and what that needs. */
export function CustodyChoice({ choices, onChange, faults }: Props) {
  const { icon: Icon, name, text } = CUSTODIES[choices.custody];
  const items = (Object.keys(CUSTODIES) as Custody[]).map((custody) => ({
    icon: CUSTODIES[custody].icon,
    label: <span className="block py-1 text-left whitespace-normal"><span className="block font-medium">{CUSTODIES[custody].name}</span><span className="block text-caption text-muted">{CUSTODIES[custody].text}</span></span>,
    onSelect: () => { onChange({ custody }); },
  }));
  const cards = (Object.keys(CUSTODIES) as Custody[]).map((value) => ({ value, name: CUSTODIES[value].name, text: CUSTODIES[value].text }));
  return (
    <div className="grid gap-3">
      {usePhone() ? <RadioCards legend="Who can open it" options={cards} value={choices.custody} onChange={(custody) => { onChange({ custody }); }} /> : <Menu items={items} label={`Who can open it: ${name}`} buttonClassName="flex w-full items-center gap-2.5 rounded-control border border-control bg-surface p-3 py-2 text-left transition-colors hover:border-ink">
        <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
        <span className="min-w-0 flex-1 text-dense">
          <span className="block font-medium">{name}</span>
          <span className="block text-caption text-muted">{text}</span>
        </span>
        <ChevronsUpDown aria-hidden className="size-4 shrink-0" strokeWidth={1.5} />
      </Menu>}
      {choices.custody === "passphrase" && <Passwords {...{ choices, onChange, faults }} />}
      {choices.custody === "recipient" && <Recipients {...{ choices, onChange, faults }} />}
    </div>
  );
}

const Passwords = ({ choices, onChange, faults }: Props) => (
  <>
    <PasswordInput label="Password" autoComplete="new-password" value={choices.password} error={faults.password} hint="At least 12 characters. If it is lost, nobody can help." onChange={(event) => { onChange({ password: event.target.value }); }} />
    <PasswordInput label="The same again" autoComplete="new-password" value={choices.again} error={faults.again} onChange={(event) => { onChange({ again: event.target.value }); }} />
  </>
);

function Recipients({ choices, onChange, faults }: Props) {
  const id = useId();
  const add = async (files: File[]) => {
    const texts = await Promise.all(files.map((file) => file.slice(0, 65_536).text()));
    onChange({ recipients: [choices.recipients.trim(), ...texts.map((text) => text.trim())].filter(Boolean).join("\n") });
  };
  return (
    <div aria-describedby={id} className="grid gap-2">
      <TextArea label="Public keys" note="one a line" rows={3} spellCheck={false} placeholder="imageshield-public-1:…" controlClassName="font-mono text-caption" value={choices.recipients} error={faults.recipients} onChange={(event) => { onChange({ recipients: event.target.value }); }} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Checkbox label={<span className="text-dense">The service may open it, too</span>} checked={choices.shared} onChange={(shared) => { onChange({ shared }); }} />
        <Chooser label="Public keys from a file" size="small" multiple onFiles={(files) => void add(files)}>From a file</Chooser>
      </div>
      <p id={id} className="text-caption text-muted">Each owner opens it with the secret key that belongs to one of these: offline, or here in the browser.</p>
    </div>
  );
}
