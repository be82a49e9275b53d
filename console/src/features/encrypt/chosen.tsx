import { Lock } from "lucide-react";
import { useNavigate } from "@tanstack/react-router";
import { useState, type Dispatch } from "react";
import { PartList, WhatStaysVisible } from "@/features/encrypt/regions/part-list.tsx";
import { regionsOf, type Drawing, type Step } from "@/features/encrypt/regions/drawing.ts";
import { RegionEditor } from "@/features/encrypt/regions/editor.tsx";
import { send, upload, type Order } from "@/features/encrypt/submission.ts";
import { Summary } from "@/features/encrypt/summary.tsx";
import { OwnCopy } from "@/ui/own-copy.tsx";
import { layoutFault, lockFaults, type Choices } from "@/lib/choices.ts";
import { focusFault } from "@/lib/forms.ts";
import { bytes, dimensions, plural } from "@/lib/format.ts";
import type { Look } from "@/lib/intake.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { usePreviewShown } from "@/lib/preferences.ts";
import type { Sending } from "@/lib/upload.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { Segmented } from "@/ui/choice.tsx";
import { EncryptionOptions } from "@/ui/encryption/options.tsx";
import { Chooser } from "@/ui/file-drop.tsx";
import { Message } from "@/ui/message.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";
import { Uploading } from "@/ui/uploading.tsx";

interface Props {
  picture: Extract<Look, { kind: "picture" }>;
  choices: Choices;
  onChoices: (change: Partial<Choices>) => void;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
  sending: Sending<Order> | null;
  onFiles: (files: File[]) => void;
  onDrop: () => void;
}

/** A picture was chosen: all of it or parts, how, and the button. */
export function Chosen({ picture, choices, onChoices, drawing, dispatch, sending, onFiles }: Props) {
  const { file, facts } = picture;
  const [inParts, setInParts] = useState(drawing.parts.length > 0);
  const [tried, setTried] = useState(false);
  const navigate = useNavigate();
  const subject = { facts, bytes: file.size };
  const layoutProblem = layoutFault(choices, facts, inParts);
  const encrypt = () => {
    setTried(true);
    if (layoutProblem !== null || Object.keys(lockFaults(choices)).length > 0) {
      focusFault();
      return;
    }
    send({ file, choices, regions: inParts ? regionsOf(drawing) : [] }, (job) => void navigate({ to: `/encrypt/${job}` }));
  };
  const parts = drawing.parts.length;
  const button = sending ? <SendingNote sending={sending} /> : (
    <Button kind="iris" size="large" wide icon={Lock} onClick={encrypt} {...(inParts && parts === 0 && { reason: "Draw a part first" })}>
      {inParts ? `Encrypt ${plural(parts, "part")}` : "Encrypt"}
    </Button>
  );
  const options = <EncryptionOptions {...{ choices, subject, tried }} layoutFault={layoutProblem} onChange={onChoices}>{button}</EncryptionOptions>;
  return (
    <>
      <Head {...{ picture, inParts, onFiles }} onParts={setInParts} />
      {inParts ? (
        <Columns side="options" gap={24} aside={<><PartList size={facts} drawing={drawing} dispatch={dispatch} /><WhatStaysVisible /><Summary choices={choices} onChoices={onChoices} tried={tried}>{button}</Summary></>}>
          {layoutProblem ? <Message tone="bad" title={layoutProblem} /> : <Parts {...{ picture, drawing, dispatch }} />}
        </Columns>
      ) : (
        <Columns side="options" gap={24} aside={options}><Whole picture={picture} /></Columns>
      )}
    </>
  );
}

function Head({ picture: { file, facts }, inParts, onParts, onFiles }: Pick<Props, "picture" | "onFiles"> & { inParts: boolean; onParts: (parts: boolean) => void }) {
  const size = facts.width > 0 ? `${dimensions(facts.width, facts.height)} ` : "";
  const reason = facts.format === "OTHER" || facts.width === 0 ? "This format has no pixels that could be encrypted in part" : undefined;
  const actions = (
    <>
      <Chooser label="Choose another picture" multiple onFiles={onFiles}>Another picture</Chooser>
      <Segmented legend="How much of it" segments={[{ value: "whole", name: "Whole picture" }, { value: "parts", name: "Only parts", reason }]} value={inParts ? "parts" : "whole"} onChange={(value) => { onParts(value === "parts"); }} />
    </>
  );
  return <PageHead title="Encrypt" note={<span className="break-all">{file.name} · {size}{facts.format === "OTHER" ? (facts.mediaType ?? "") : facts.format} · {bytes(file.size)}</span>} actions={actions} />;
}

const SendingNote = ({ sending }: { sending: Sending<Order> }) => <Uploading sent={sending.sent} error={sending.error} onAgain={() => { upload.again(); }} onStop={() => { upload.stop(); }} />;

function Whole({ picture: { file, facts } }: Pick<Props, "picture">) {
  return (
    <Card aria-label="Your picture">
      <CardPart className="p-4">
        <div className="flex justify-center rounded-picture bg-raised"><OwnCopy file={file} facts={facts} className="max-h-[560px]" framed /></div>
      </CardPart>
    </Card>
  );
}

function Parts({ picture: { file, facts }, drawing, dispatch }: Pick<Props, "picture" | "drawing" | "dispatch">) {
  const shown = usePreviewShown();
  const src = useObjectUrl(shown ? file : null);
  return (
    <>
      {facts.format === "TIFF" && <Message tone="info" title="Browsers do not show TIFF.">Draw on the empty area, or type the numbers of each part.</Message>}
      <RegionEditor src={facts.format === "TIFF" ? undefined : src} size={facts} drawing={drawing} dispatch={dispatch} />
    </>
  );
}
