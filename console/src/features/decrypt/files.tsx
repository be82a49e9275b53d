import { ImageUp } from "lucide-react";
import type { ReactNode } from "react";
import { KeySlot } from "@/features/decrypt/key-slot.tsx";
import { PictureSlot } from "@/features/decrypt/picture-slot.tsx";
import type { Wish } from "@/features/decrypt/readiness.ts";
import { SavedAgain } from "@/features/decrypt/saved-again.tsx";
import { Secrets } from "@/features/decrypt/secrets.tsx";
import { SmallSlot } from "@/features/decrypt/small-slot.tsx";
import { bareOf, frontOf, isMisplaced, rearranged, type Slot, type Slots } from "@/features/decrypt/slots.ts";
import { Button } from "@/ui/button.tsx";
import { FileDrop } from "@/ui/file-drop.tsx";
import { Message } from "@/ui/message.tsx";

export interface FilesProps {
  wish: Wish;
  onChange: (part: Partial<Wish>) => void;
  /** Files for a place, or for those where they belong. */
  onFiles: (files: File[], slot?: Slot) => void;
}

/** The places of the files, and what opens them. */
export function Files(props: FilesProps) {
  const { wish, onChange, onFiles } = props;
  const { slots } = wish;
  if (Object.values(slots).every((look) => look === null)) {
    return (
      <div className="p-5 max-md:p-4">
        <FileDrop label="Encrypted picture and key file" title="Drop an encrypted picture and its key file here" hint="Together or one after the other. Each finds its place." icon={ImageUp} tone="iris" multiple paste chooseLabel="Choose files" onFiles={onFiles} limits="PNG as it was downloaded, and its .qkey · up to 112 MB" className="min-h-[300px] border-control" />
      </div>
    );
  }
  const needsMaterial = frontOf(slots)?.header.purity === "maximum";
  return (
    <Catch onFiles={onFiles}>
      <Misplaced slots={slots} onSwap={() => { onChange({ slots: rearranged(slots) }); }} />
      <PictureSlot {...props} />
      {bareOf(slots) !== "none" && <SavedAgain {...props} />}
      <KeySlot {...props} />
      {(needsMaterial || slots.material) && <SmallSlot name="Material" note={wish.where === "here" ? "this picture was encrypted with Maximum" : "not needed where the service keeps it"} slot="material" look={slots.material} accept=".qmat" onFiles={onFiles} />}
      <Secrets {...props} />
    </Catch>
  );
}

/** Files that are dropped anywhere in the form find their places, too. */
function Catch({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }) {
  return (
    <div
      className="grid gap-5 p-5 max-md:p-4"
      onDragOver={(event) => { event.preventDefault(); }}
      onDrop={(event) => {
        event.preventDefault();
        const files = [...event.dataTransfer.files];
        if (files.length > 0) onFiles(files);
      }}
    >
      {children}
    </div>
  );
}

const NAMES: Record<Slot, string> = { picture: "encrypted picture", key: "key file", material: "material", header: "header", identity: "secret key" };

function Misplaced({ slots, onSwap }: { slots: Slots; onSwap: () => void }) {
  const wrong = (Object.keys(slots) as Slot[]).filter((slot) => isMisplaced(slot, slots[slot]));
  const first = wrong.at(0);
  if (first === undefined) return null;
  const what = { encrypted: "an encrypted picture", "key-file": "a key file", picture: "a picture", material: "a material file", header: "a header", identity: "a secret key", recipient: "a public key, which opens nothing", refused: "" }[slots[first]?.kind ?? "refused"];
  const both = wrong.length > 1;
  return (
    <Message tone="warn" title={both ? "Picture and key file are exchanged." : `In the place of the ${NAMES[first]} is ${what}.`} action={slots[first]?.kind !== "recipient" && <Button onClick={onSwap}>{both ? "Swap them" : "Put it in its place"}</Button>}>
      The content of a file decides, not its name.
    </Message>
  );
}
