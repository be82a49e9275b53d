import type { ReactNode } from "react";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";

/** A card of the settings, with the anchor that the list of contents and mails lead to. */
export function Section({ id, title, note, aside, children }: { id: string; title: string; note?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <div id={id} className="scroll-mt-20">
      <Card>
        <CardHead lined title={title} note={note} aside={aside} />
        {children}
      </Card>
    </div>
  );
}

/** A thing that can be changed: what it is and how it is now, the control at the right, and below what went wrong. */
export function Row({ title, note, control, children }: { title: ReactNode; note?: ReactNode; control?: ReactNode; children?: ReactNode }) {
  return (
    <CardPart tight className="grid gap-3">
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-52">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium break-words">{title}</div>
          {note && <p className="text-caption break-words text-muted">{note}</p>}
        </div>
        {control && <div className="flex shrink-0 flex-wrap items-center gap-2">{control}</div>}
      </div>
      {children}
    </CardPart>
  );
}
