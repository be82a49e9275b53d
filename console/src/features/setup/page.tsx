import { Navigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAddress } from "@/lib/address.ts";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Logo } from "@/ui/logo.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { AnalysisWaiting } from "./analysis-step.tsx";
import { Health } from "./health.tsx";
import { JobSteps } from "./job-steps.tsx";
import { OperatorCreated, OperatorStep } from "./operator-step.tsx";
import { useSetup } from "./progress.ts";
import { SampleStep, SampleWaiting } from "./sample-step.tsx";

export default function SetupPage() {
  const [search, change] = useAddress();
  const job = typeof search.job === "string" ? search.job : "";
  const { place, error, again } = useSetup(job);
  if (place === "elsewhere") return <Navigate to="/overview" replace />;
  return (
    <main className="mx-auto w-full max-w-[752px] px-4 py-12 md:flex md:min-h-dvh md:flex-col md:justify-center max-md:py-8">
      <Logo />
      <h1 tabIndex={-1} className="mt-6 text-section max-md:text-number">Set up this installation</h1>
      <p className="mt-1 mb-6 text-lead text-muted">Three steps, about two minutes. Nothing leaves this installation.</p>
      {error !== null && <ProblemMessage error={error} className="mb-4" action={<Button size="small" onClick={again}>Try again</Button>} />}
      <Card aria-label="Steps">
        {place === "asking" && <Waiting />}
        {place === "operator" && <ol><OperatorStep /><SampleWaiting /><AnalysisWaiting /></ol>}
        {place === "picture" && <Pictures job={job} onJob={(id) => { change({ job: id }); }} />}
        <Health signedIn={place === "picture"} />
      </Card>
    </main>
  );
}

/** The second and the third step. The job is in the address, so that a reload follows it again. */
function Pictures({ job, onJob }: { job: string; onJob: (id: string) => void }) {
  const [file, setFile] = useState<File | null>(null);
  const accepted = (id: string, sent: File) => {
    setFile(sent);
    onJob(id);
  };
  return (
    <ol>
      <OperatorCreated />
      {job === "" ? <><SampleStep onAccepted={accepted} /><AnalysisWaiting /></> : <JobSteps id={job} file={file} onAgain={() => { onJob(""); }} />}
    </ol>
  );
}

const Waiting = () => (
  <Skeleton label="Asking the service">
    {[0, 1, 2].map((index) => (
      <div key={index} className="flex gap-4 border-line px-6 py-5 not-first:border-t">
        <Bone className="size-7 rounded-full" />
        <span className="grid gap-2 pt-1"><Bone className="h-3.5 w-40" /><Bone className="h-3 w-64" /></span>
      </div>
    ))}
  </Skeleton>
);
