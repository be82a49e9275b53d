import { LockOpen, X } from "lucide-react";
import type { LocalRun } from "@/features/decrypt/local.ts";
import { missing, type Wish } from "@/features/decrypt/readiness.ts";
import { keyFileOf } from "@/features/decrypt/slots.ts";
import { upload } from "@/features/decrypt/submission.ts";
import { duration } from "@/lib/format.ts";
import { useSteadyNow } from "@/lib/hooks.ts";
import type { Sending } from "@/lib/upload.ts";
import { Button } from "@/ui/button.tsx";
import { Message } from "@/ui/message.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Uploading } from "@/ui/uploading.tsx";

interface Props {
  wish: Wish;
  run: LocalRun | null;
  sending: Sending<Wish> | null;
  onStop: () => void;
}

/** The button, and what has come of it. */
export function Foot({ wish, run, sending, onStop }: Props) {
  if (sending) return <div className="border-t border-line bg-raised p-5"><Uploading sent={sending.sent} error={sending.error} onAgain={() => { upload.again(); }} onStop={onStop} /></div>;
  const works = run !== null && run.endedAt === null;
  const reason = missing(wish);
  return (
    <>
      {run?.failure && <div className="px-5 pb-5 max-md:px-4"><Message tone="bad" title={run.failure.sentence} link={run.failure.page ? { to: run.failure.page, text: "Reasons and remedies" } : undefined}>{run.failure.remedy}</Message></div>}
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line bg-raised px-5 py-4 max-md:px-4">
        <p className="text-dense text-muted">{wish.where === "here" ? "Nothing is sent." : "Sent to the service, over this connection."}</p>
        {works
          ? <Button size="large" icon={X} onClick={onStop}>Stop</Button>
          : <Button kind="amber" size="large" type="submit" icon={LockOpen} className="max-md:w-full" {...(reason !== null && { reason })}>Decrypt</Button>}
      </div>
      {run && <LocalSteps wish={wish} run={run} />}
    </>
  );
}

const STEPS = [
  { name: "Unlock the key", stages: ["unlocking"] },
  { name: "Verify the picture", stages: ["validating", "verifying"] },
  { name: "Decrypt", stages: ["decrypting"] },
];

/** The three steps with the time that each has taken here. */
export function LocalSteps({ wish, run }: { wish?: Wish; run: LocalRun }) {
  const now = useSteadyNow();
  const active = STEPS.findIndex(({ stages }) => stages.includes(run.stage));
  const notes = [wish ? kdfOf(wish) : "", "HMAC over every sample", "Only if all of it is authentic"];
  return (
    <div className="border-t border-line">
      <ol className="grid md:grid-cols-3">
        {STEPS.map(({ name, stages }, index) => (
          <li key={name} aria-current={run.endedAt === null && index === active ? "step" : undefined} className="border-line px-5 py-4 not-first:border-l max-md:not-first:border-t max-md:not-first:border-l-0 max-md:px-4 max-md:py-3">
            <p className="flex justify-between gap-3 text-dense"><span className="font-medium">{index + 1}. {name}</span><span className="numeric text-muted">{timeIn(run, stages, now)}</span></p>
            <p className="mt-0.5 text-caption text-muted">{notes[index]}</p>
          </li>
        ))}
      </ol>
      {run.endedAt === null && <div className="px-5 pb-4 max-md:px-4"><Progress share={run.stage === "decrypting" ? run.progress / 100 : 0} label={STEPS[active]?.name ?? "Decrypt"} /></div>}
      <p role="status" className="sr-only">{run.endedAt === null ? STEPS[active]?.name : ""}</p>
    </div>
  );
}

function timeIn({ marks, endedAt }: LocalRun, stages: string[], now: number): string {
  const seconds = marks.reduce((sum, { stage, at }, index) => sum + (stages.includes(stage) ? (marks.at(index + 1)?.at ?? endedAt ?? now) - at : 0), 0) / 1000;
  return marks.some(({ stage }) => stages.includes(stage)) ? duration(Math.max(0, seconds)) : "";
}

function kdfOf({ slots }: Wish): string {
  const stanza = keyFileOf(slots)?.stanzas.find(({ type }) => type === "passphrase");
  const kdf = stanza?.kdf as { name?: string; m_kib?: number; iterations?: number } | undefined;
  if (kdf?.name === "argon2id") return `Argon2id, ${Math.round((kdf.m_kib ?? 0) / 1024)} MiB`;
  return kdf?.iterations ? `PBKDF2, ${kdf.iterations.toLocaleString("en-GB")} rounds` : "No password to derive from";
}
