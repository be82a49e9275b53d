import { RotateCcw } from "lucide-react";
import { dimensions } from "@/lib/format.ts";
import { explainCode } from "@/lib/problems.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PictureProgress } from "@/ui/picture.tsx";
import { Progress } from "@/ui/progress.tsx";
import { SAMPLES } from "@/assets/samples.ts";
import { Step } from "./step.tsx";
import { useSampleJob, type SampleState } from "./job.ts";

const STAGES = new Map(Object.entries({
  queued: "Waiting for a worker",
  validating: "Checking the file",
  generating_quantum_keys: "Drawing the bits of the key",
  encrypting: "Encrypting",
  authenticating: "Authenticating",
  storing: "Storing",
  analyzing: "Measuring the result",
  completed: "Completed",
}));

/** The sample that was sent: live until it ends, then a line. */
export function SampleJob({ id, onAgain }: { id: string; onAgain: () => void }) {
  const state = useSampleJob(id);
  const { job, status } = state;
  if (status === "completed") return <Step number={2} state="done" title="Sample encrypted" note={<Done state={state} />} />;
  return (
    <Step number={2} state="open" title="Encrypt a sample" note={job?.file_name ?? "Your picture"}>
      {state.error !== null && <ProblemMessage error={state.error} action={<Button size="small" icon={RotateCcw} onClick={onAgain}>Take another picture</Button>} />}
      {status === "failed" || status === "cancelled" ? <Failed state={state} onAgain={onAgain} /> : state.error === null && <Running state={state} />}
    </Step>
  );
}

function Done({ state: { job } }: { state: SampleState }) {
  const image = job?.image;
  return <span className="numeric break-words">{[job?.file_name, image?.width && image.height ? dimensions(image.width, image.height) : null, job?.layout === "file" ? "kept as its file" : "pixels encrypted"].filter(Boolean).join(", ")}</span>;
}

function Failed({ state: { job, status }, onAgain }: { state: SampleState; onAgain: () => void }) {
  const { sentence, remedy, page } = explainCode(job?.error?.code ?? "job-failed", status === "cancelled" ? "The job was cancelled" : job?.error?.title);
  return (
    <Message tone="bad" title={sentence} {...(job?.error && page && { link: { to: page, text: "Reasons and remedies" } })} action={<Button size="small" icon={RotateCcw} onClick={onAgain}>Take another picture</Button>}>
      {remedy || job?.error?.detail}
    </Message>
  );
}

function Running({ state: { job, share, stage, connection } }: { state: SampleState }) {
  const sample = SAMPLES.find(({ name }) => `${name.toLowerCase()}.png` === job?.file_name);
  const word = STAGES.get(stage) ?? "Working";
  return (
    <div className="grid items-center gap-5 md:grid-cols-[168px_minmax(0,1fr)]">
      <PictureProgress src={sample?.src} alt="Your picture, turning to noise" share={share} cells={56} className="max-md:max-w-[168px]" />
      <div className="grid gap-3">
        <Progress share={share} label={word} picture titled note={`${Math.round(share * 100)} %`} />
        <p role="status" className="sr-only">{word}</p>
        <p className="flex items-center justify-between gap-3 text-caption text-muted">
          <span>You can close this page. The job goes on, and its link brings you back.</span>
          <Live state={connection}>{connection === "reconnecting" ? "Reconnecting, asking every 2 s" : "Live"}</Live>
        </p>
      </div>
    </div>
  );
}
