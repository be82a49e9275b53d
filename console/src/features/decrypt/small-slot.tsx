import { FileKey2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Slot } from "@/features/decrypt/slots.ts";
import { bytes } from "@/lib/format.ts";
import type { Look } from "@/lib/intake.ts";
import { Chooser } from "@/ui/file-drop.tsx";
import { FieldError } from "@/ui/field.tsx";

interface Props {
  name: string;
  note?: ReactNode;
  slot: Slot;
  look: Look | null;
  accept?: string;
  /** Below the name of the file. */
  facts?: ReactNode;
  /** Right of it. */
  badge?: ReactNode;
  icon?: ReactNode;
  hint?: ReactNode;
  onFiles: (files: File[], slot: Slot) => void;
}

/** For these the words of the intake are those for a picture to encrypt. */
const FOREIGN_CODES = ["unsupported-format", "file-too-large"];
const FOREIGN = "This is neither an encrypted picture nor a key file. Choose both as they were downloaded: a PNG, and a file that ends in .qkey.";

const reasonOf = ({ why, wanted }: Extract<Look, { kind: "refused" }>): string => (!wanted && FOREIGN_CODES.includes(why.code ?? "") ? FOREIGN : `${why.sentence} ${why.remedy}`);

/** A place for a file: its name, or the way to choose one. */
export function SmallSlot({ name, note, slot, look, accept, facts, badge, icon, hint, onFiles }: Props) {
  return (
    <section aria-label={name} className="min-w-0">
      <p className="mb-1.5 text-dense font-medium">{name}{note && <span className="ml-1.5 font-normal text-muted">{note}</span>}</p>
      <div className="flex flex-wrap items-center gap-x-3.5 gap-y-2 rounded-picture border border-line p-3.5">
        {icon ?? <FileKey2 aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />}
        <div className="min-w-0 flex-1 basis-40">
          <p className="font-medium break-all">{look ? look.file.name : <span className="font-normal text-muted">Not chosen</span>}</p>
          {look && (facts ?? <p className="numeric text-dense text-muted">{bytes(look.file.size)}</p>)}
        </div>
        {badge}
        <Chooser label={`${look ? "Replace" : "Choose"}: ${name}`} accept={accept} size="small" onFiles={(files) => { onFiles(files, slot); }}>{look ? "Replace" : "Choose"}</Chooser>
      </div>
      {look?.kind === "refused" ? <FieldError>{reasonOf(look)}</FieldError> : hint && <p className="mt-1.5 text-caption text-muted">{hint}</p>}
    </section>
  );
}
