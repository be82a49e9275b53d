import type { Job } from "@imageshield/client";
import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { SAMPLES } from "@/assets/samples.ts";
import { dimensions } from "@/lib/format.ts";
import { isOpen } from "@/lib/jobs.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { usePreviewShown } from "@/lib/preferences.ts";
import { explainCode } from "@/lib/problems.ts";
import { titleOf } from "@/lib/stages.ts";
import { useJob } from "@/lib/watch.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PictureProgress } from "@/ui/picture.tsx";
import { Progress } from "@/ui/progress.tsx";
import { AnalysisStep, AnalysisWaiting } from "./analysis-step.tsx";
import { Step } from "./step.tsx";

interface Props {
  id: string;
  /** What was sent, unless the page was loaded again. */
  file: File | null;
  onAgain: () => void;
}

/** The picture that was sent: live until it ends. Then its analysis. */
export function JobSteps({ id, file, onAgain }: Props) {
  const watch = useJob(id);
  const job = watch.subject;
  if (job?.status === "completed") {
    return (
      <>
        <Step number={2} state="done" title="Picture encrypted" note={<span className="numeric break-words">{factsOf(job)}</span>} />
        <AnalysisStep job={job} />
      </>
    );
  }
  const again = <Button size="small" icon={RotateCcw} onClick={onAgain}>Take another picture</Button>;
  return (
    <>
      <Step number={2} state="open" title="Encrypt a sample" note={job?.file_name ?? "Your picture"}>
        {watch.error ? <ProblemMessage error={watch.error} action={again} /> : null}
        {job && (isOpen(job) ? <Running job={job} file={file} progress={watch.live?.progress ?? job.progress} stage={watch.live?.stage ?? job.stage} live={watch.connection === "live" || watch.connection === "connecting"} /> : <Failed job={job} action={again} />)}
      </Step>
      <AnalysisWaiting />
    </>
  );
}

function factsOf({ file_name, image, layout }: Job): string {
  const size = image?.width && image.height ? dimensions(image.width, image.height) : null;
  return [file_name, size, layout === "file" ? "as a file" : "as pixels"].filter((fact) => fact !== null).join(", ");
}

function Failed({ job, action }: { job: Job; action: ReactNode }) {
  if (job.error === null) return <Message tone="bad" title="The job was cancelled." action={action} />;
  const { sentence, remedy, page } = explainCode(job.error.code, job.error.title);
  return <Message tone="bad" title={sentence} {...(page && { link: { to: page, text: "Reasons and remedies" } })} action={action}>{remedy || job.error.detail}</Message>;
}

function Running({ job, file, progress, stage, live }: { job: Job; file: File | null; progress: number; stage: string; live: boolean }) {
  const own = useObjectUrl(usePreviewShown() ? file : null);
  const src = own ?? SAMPLES.find((sample) => sample.file === job.file_name)?.src;
  const word = titleOf(stage, "active");
  const { width, height } = job.image ?? {};
  return (
    <div className="grid items-center gap-5 md:grid-cols-[168px_minmax(0,1fr)]">
      <PictureProgress src={src} alt={src ? "Your picture, turning to noise from the top" : "Where your picture turns to noise"} share={progress / 100} seed={job.job_id} cells={56} ratio={width && height ? width / height : 1} className="max-md:max-w-[168px]" />
      <div className="grid gap-3">
        <Progress share={progress / 100} label={word} picture titled note={`${progress} %`} />
        <p role="status" className="sr-only">{word}</p>
        <p className="flex items-center justify-between gap-3 text-caption text-muted">
          <span>You can close this page. The job goes on, and its link brings you back.</span>
          <Live state={live ? "live" : "reconnecting"}>{live ? "Live" : "Reconnecting, asking every 2 s"}</Live>
        </p>
      </div>
    </div>
  );
}
