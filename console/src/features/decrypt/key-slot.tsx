import { Check, KeyRound, X } from "lucide-react";
import type { FilesProps } from "@/features/decrypt/files.tsx";
import { SmallSlot } from "@/features/decrypt/small-slot.tsx";
import { belongTogether, frontOf, keyFileOf, keyIdText } from "@/features/decrypt/slots.ts";
import { Badge } from "@/ui/badge.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { FieldError } from "@/ui/field.tsx";

/** The key file, and whether it is of this picture. */
export function KeySlot({ wish: { slots, where }, onFiles }: FilesProps) {
  const keyFile = keyFileOf(slots);
  const together = belongTogether(frontOf(slots), keyFile);
  const hint = where === "here" ? "In this browser it is always needed. The service can do without it where its vault holds the key." : "Not needed for a picture that your account encrypted here.";
  return (
    <div>
      <SmallSlot
        name="Key file" slot="key" look={slots.key} accept=".qkey,application/json" onFiles={onFiles} hint={hint}
        icon={<KeyRound aria-hidden className="size-5 shrink-0" strokeWidth={1.5} />}
        facts={keyFile && <CopyableId id={keyIdText(keyFile.keyId)} what="key id" />}
        badge={together === true ? <Badge tone="ok" icon={Check}>Belongs to this picture</Badge> : together === false ? <Badge tone="bad" icon={X}>Of another picture</Badge> : null}
      />
      {slots.key?.kind === "key-file" && slots.key.restored && <p className="mt-1.5 text-caption text-muted">Another program has changed its line ends or spaces. It is read as it was written; your copy stays as it is.</p>}
      {together === false && <FieldError>This key file cannot open this picture. Compare the two key ids, and choose the one that was downloaded with it.</FieldError>}
    </div>
  );
}
