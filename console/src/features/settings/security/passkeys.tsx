import type { FactorOverview, Passkey } from "@imageshield/client";
import { Ellipsis, KeyRound, PenLine, Trash2 } from "lucide-react";
import { useState } from "react";
import { LAST } from "@/features/settings/security/app.tsx";
import { factorsChanged } from "@/features/settings/security/data.ts";
import { AddDialog, RenameDialog } from "@/features/settings/security/passkey-dialogs.tsx";
import { Row } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { hasPasskeys } from "@/lib/passkeys.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { Menu } from "@/ui/menu.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.tsx";

/** The passkeys, and a further one. */
export function PasskeyRows({ factors, onCodes }: { factors: FactorOverview; onCodes: (codes: readonly string[]) => void }) {
  const [adding, setAdding] = useState(false);
  const { passkeys, passkeys_available } = factors;
  const possible = passkeys_available && hasPasskeys();
  const note = !passkeys_available ? "Browsers keep none for this address: it needs a name over https, or localhost." : possible ? "Kept by this device, a security key or a password manager; signs you in without the password, too" : "This browser has none. Open this page in another one.";
  return (
    <>
      <Row title="Passkeys" note={note} control={possible && <Button size="small" onClick={() => { setAdding(true); }}>Add a passkey…</Button>}>
        {adding && <AddDialog onClose={() => { setAdding(false); }} onCodes={onCodes} />}
      </Row>
      {passkeys.map((passkey) => <PasskeyRow key={passkey.id} passkey={passkey} isLast={passkeys.length === 1 && factors.authenticator_app === null} />)}
    </>
  );
}

function PasskeyRow({ passkey, isLast }: { passkey: Passkey; isLast: boolean }) {
  const [dialog, setDialog] = useState<"rename" | "remove" | null>(null);
  const close = () => { setDialog(null); };
  const { id, name, synced, created_at, last_used_at } = passkey;
  const { run, error } = useAction(async () => {
    close();
    await client.factors.removePasskey(id);
    toast("The passkey is removed", { text: "Delete it in your device, too." });
    await factorsChanged();
  });
  const items = [
    { label: "Rename…", icon: PenLine, onSelect: () => { setDialog("rename"); } },
    { label: "Remove…", icon: Trash2, danger: true, onSelect: () => { setDialog("remove"); } },
  ];
  const menu = (
    <Menu items={items} label={`Passkey ${name}`} iconOnly align="end" buttonClassName="inline-flex size-8 items-center justify-center rounded-control text-muted hover:bg-raised hover:text-ink max-md:size-11">
      <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
    </Menu>
  );
  return (
    <Row
      title={<><KeyRound aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.75} /><bdi className="min-w-0 break-words">{name}</bdi>{synced && <Badge>Synced</Badge>}</>}
      note={<>Added <Time at={created_at} as="moment" />, {last_used_at === null ? "not used yet" : <>last used <Time at={last_used_at} as="moment" /></>}</>}
      control={menu}
    >
      {error !== null && <ProblemMessage error={error} />}
      {dialog === "rename" && <RenameDialog passkey={passkey} onClose={close} />}
      <Confirm open={dialog === "remove"} onClose={close} title={<>Remove “<bdi>{name}</bdi>”?</>} keep="Keep it" act="Remove the passkey" onAct={run}>
        It signs nobody in any more. {isLast && LAST}
      </Confirm>
    </Row>
  );
}
