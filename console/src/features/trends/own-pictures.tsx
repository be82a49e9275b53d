import { JobFailed } from "@imageshield/client";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { client } from "@/lib/api.ts";
import { bytes } from "@/lib/format.ts";
import { explainCode } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Chooser } from "@/ui/file-drop.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PictureKey } from "@/ui/picture.tsx";
import { Progress } from "@/ui/progress.tsx";
import { LIMITS, reasonOf } from "./pair.ts";

interface Pair {
  original: File | null;
  encrypted: File | null;
}

const ACCEPT = "image/png,image/jpeg,image/bmp,image/tiff,image/webp";

/** Measure a picture and what became of it, from this computer. */
export function OwnPictures() {
  const [pair, setPair] = useState<Pair>({ original: null, encrypted: null });
  const [sent, setSent] = useState(0);
  const navigate = useNavigate();
  const measure = useMutation({
    mutationFn: ({ original, encrypted }: { original: File; encrypted: File }) => client.analyze(original, encrypted, { onUpload: (progress) => { setSent(progress.total > 0 ? progress.sent / progress.total : 0); } }).accepted,
    // The page of the analysis shows how the work goes on.
    onSuccess: (job) => navigate({ to: `/analytics/${job.job_id}` }),
  });
  const reason = reasonOf(pair);
  const start = () => { if (pair.original && pair.encrypted) measure.mutate({ original: pair.original, encrypted: pair.encrypted }); };
  return (
    <Card aria-label="Measure two pictures">
      <CardHead lined title="Measure two pictures" note="A picture and its encrypted picture, of this product or another" />
      <div>
        <CardPart tight><Choice whose="yours" file={pair.original} onFile={(original) => { setPair({ ...pair, original }); }} /></CardPart>
        <CardPart tight><Choice whose="encrypted" file={pair.encrypted} onFile={(encrypted) => { setPair({ ...pair, encrypted }); }} /></CardPart>
        <CardPart className="grid gap-3">
          {measure.isPending && <Progress share={sent} label="Sending" titled note={`${Math.round(sent * 100)} %`} />}
          {measure.isError && <Failure error={measure.error} />}
          <Button kind="ink" wide busy={measure.isPending} busyLabel="Sending" reason={reason} onClick={start}>Measure</Button>
          <p className="text-caption text-muted">Both are kept encrypted until a worker has measured them, and deleted then. NPCR and UACI between two encryptions need an encrypted picture of this product.</p>
        </CardPart>
      </div>
    </Card>
  );
}

function Choice({ whose, file, onFile }: { whose: "yours" | "encrypted"; file: File | null; onFile: (file: File) => void }) {
  const name = whose === "yours" ? "Your picture" : "Encrypted picture";
  return (
    <div className="flex items-center justify-between gap-3">
      <div className="min-w-0">
        <PictureKey whose={whose}>{name}</PictureKey>
        <p className="truncate pl-[18px] text-caption text-muted">{file ? <>{file.name}, <span className="numeric">{bytes(file.size)}</span></> : `At most ${bytes(LIMITS[whose === "yours" ? "original" : "encrypted"])}`}</p>
      </div>
      <Chooser label={`Choose ${whose === "yours" ? "your" : "the encrypted"} picture`} accept={ACCEPT} size="small" onFiles={(files) => { onFile(files[0]); }}>{file ? "Change" : "Choose"}</Chooser>
    </div>
  );
}

function Failure({ error }: { error: Error }) {
  if (!(error instanceof JobFailed)) return <ProblemMessage error={error} />;
  const { sentence, remedy } = explainCode(error.code, error.job.error?.title);
  return <Message tone="bad" title={sentence}>{remedy}</Message>;
}
