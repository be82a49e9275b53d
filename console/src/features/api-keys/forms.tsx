import type { ApiKey, ApiKeyWithSecret, Role } from "@imageshield/client";
import { useState } from "react";
import { BoundFields, fieldsOf, isAtField, NameField } from "@/features/api-keys/fields.tsx";
import { ScopeChoice } from "@/features/api-keys/scope-choice.tsx";
import { USUAL, type Scope } from "@/features/api-keys/scopes.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Select } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const FORM = "api-key";
const DAYS: { days: string; name: string }[] = [
  { days: "7", name: "after 7 days" },
  { days: "30", name: "after 30 days" },
  { days: "90", name: "after 90 days" },
  { days: "365", name: "after a year" },
  { days: "", name: "never, until it is revoked" },
];

/** A new key: its name, its rights, its bounds. */
export function NewKeyForm({ role, onClose, onMade }: { role: Role | null; onClose: () => void; onMade: (made: ApiKeyWithSecret) => void }) {
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(USUAL));
  const { run, busy, error } = useAction(async (form: FormData) => {
    const days = textOf(form, "days");
    onMade(await client.apiKeys.create({ ...fieldsOf(form), scopes: [...scopes], expires_in_days: days === "" ? null : Number(days) }));
  });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy} disabled={scopes.size === 0}>Make the key</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="New API key" actions={actions}>
      <form id={FORM} onSubmit={submitting((form) => { if (scopes.size > 0) run(form); })} className="mt-2 grid grid-cols-[minmax(0,1fr)] gap-4 text-ink">
        {error !== null && !isAtField(error) && <ProblemMessage error={error} />}
        <NameField error={error} />
        <ScopeChoice role={role} chosen={scopes} onChange={setScopes} />
        <Select name="days" label="Expires" defaultValue="90">
          {DAYS.map(({ days, name }) => <option key={days} value={days}>{name}</option>)}
        </Select>
        <BoundFields error={error} />
      </form>
    </Dialog>
  );
}

/** Another name, other addresses or another rate. */
export function ChangeKeyForm({ apiKey, onClose, onChanged }: { apiKey: ApiKey; onClose: () => void; onChanged: (changed: ApiKey) => void }) {
  const { run, busy, error } = useAction(async (form: FormData) => { onChanged(await client.apiKeys.change(apiKey.id, fieldsOf(form))); });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Save</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Change the key" actions={actions}>
      <form id={FORM} onSubmit={submitting(run)} className="mt-2 grid grid-cols-[minmax(0,1fr)] gap-4 text-ink">
        {error !== null && !isAtField(error) && <ProblemMessage error={error} />}
        <NameField apiKey={apiKey} error={error} />
        <BoundFields apiKey={apiKey} error={error} />
        <p className="text-caption text-muted">It may do <code>{apiKey.scopes.join(", ")}</code>. For other rights, make another key.</p>
      </form>
    </Dialog>
  );
}
