import { Download, Eye, LockOpen } from "lucide-react";
import { useState } from "react";
import { LocalSteps } from "@/features/decrypt/foot.tsx";
import type { LocalRun } from "@/features/decrypt/local.ts";
import { bytes } from "@/lib/format.ts";
import { usePreviewShown } from "@/lib/preferences.ts";
import { saveAs } from "@/lib/save.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardFoot, CardHead, CardPart, KeyValues } from "@/ui/card.tsx";
import { OwnCopy } from "@/ui/own-copy.tsx";
import { PageHead, Columns } from "@/ui/page.tsx";
import { PictureCaption } from "@/ui/picture.tsx";

export interface Decrypted {
  blob: Blob;
  name: string;
  /** Null where nobody has said so. */
  isIdentical: boolean | null;
  where: "here" | "service";
}

/** The picture, under its own name. */
export function Outcome({ picture, run, onAnother }: { picture: Decrypted; run?: LocalRun; onAnother: () => void }) {
  const shown = usePreviewShown();
  const [asked, setAsked] = useState(false);
  const { blob, name, isIdentical, where } = picture;
  const save = () => { saveAs(blob, name); };
  const items = [
    { name: "File", value: <span className="break-all">{name}</span> },
    { name: "Size", value: bytes(blob.size) },
    ...(isIdentical === null ? [] : [{ name: "Comes back", value: isIdentical ? "The identical file, byte for byte" : "Every pixel; the file was compressed again" }]),
    { name: "Decrypted", value: where === "here" ? "In this browser" : "By the service" },
  ];
  return (
    <>
      <PageHead title="Decrypted" note="All of it is authentic: not one bit was changed." actions={<Button icon={LockOpen} onClick={onAnother}>Decrypt another</Button>} />
      <Columns
        side="options" gap={24}
        aside={
          <Card aria-labelledby="the-file">
            <CardHead title={<span id="the-file">The picture</span>} />
            <CardPart tight className="border-0"><KeyValues items={items} nameWidth="6rem" /></CardPart>
            <CardPart tight className="py-4"><Button kind="amber" size="large" wide icon={Download} onClick={save}>Download</Button></CardPart>
            <CardFoot className="bg-surface text-caption"><span>{where === "here" ? "It is in this page's memory only. Close the page, and it is gone." : "It is in this page now. The service deletes its copy 60 s after it was fetched, and after 15 minutes in any case."}</span></CardFoot>
          </Card>
        }
      >
        <Card aria-label="Preview">
          <CardPart className="p-4">
            <figure>
              <div className="flex justify-center rounded-picture bg-raised">
                {shown || asked ? <OwnCopy file={blob} alt={`The decrypted picture ${name}`} className="max-h-[560px]" always={asked} framed /> : <div className="grid min-h-64 place-items-center"><Button icon={Eye} onClick={() => { setAsked(true); }}>Show the picture</Button></div>}
              </div>
              <PictureCaption whose="yours" note={bytes(blob.size)} />
            </figure>
          </CardPart>
          {run && <LocalSteps run={run} />}
        </Card>
      </Columns>
    </>
  );
}
