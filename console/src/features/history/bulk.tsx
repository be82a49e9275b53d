import type { Job } from "@imageshield/client";
import { Ban, RotateCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { actOnAll, type Failure } from "@/features/history/acting.ts";
import { fitting, type Verb } from "@/features/history/verbs.ts";
import { plural } from "@/lib/format.ts";
import { titleOf } from "@/lib/jobs.ts";
import { explain } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Progress } from "@/ui/progress.tsx";
import { SelectionBar, SelectionButton } from "@/ui/table.tsx";
import { toast } from "@/ui/toast.tsx";

interface Asked {
  verb: Verb;
  jobs: Job[];
}

interface Props {
  jobs: Job[];
  onClear: () => void;
  /** Selects everything that the filters show; only where there are filters, and more pages. */
  onAll: (() => Promise<void>) | undefined;
}

/** The ink bar of a selection, and the question before anything happens. */
export function Bulk({ jobs, onClear, onAll }: Props) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [loading, setLoading] = useState(false);
  const counts = { retry: fitting("retry", jobs), cancel: fitting("cancel", jobs), delete: fitting("delete", jobs) };
  const ask = (verb: Verb) => { setAsked({ verb, jobs: counts[verb] }); };
  const all = async () => {
    setLoading(true);
    await onAll?.();
    setLoading(false);
  };
  return (
    <>
      <SelectionBar count={jobs.length} onClear={onClear}>
        {onAll && <SelectionButton busy={loading} onClick={() => void all()}>{loading ? "Loading…" : "Select all that match"}</SelectionButton>}
        {counts.retry.length > 0 && <SelectionButton onClick={() => { ask("retry"); }}><RotateCw aria-hidden className="size-4" strokeWidth={1.75} />Try {counts.retry.length} again</SelectionButton>}
        {counts.cancel.length > 0 && <SelectionButton onClick={() => { ask("cancel"); }}><Ban aria-hidden className="size-4" strokeWidth={1.75} />Cancel {counts.cancel.length}</SelectionButton>}
        {counts.delete.length > 0 && <SelectionButton onClick={() => { ask("delete"); }}><Trash2 aria-hidden className="size-4" strokeWidth={1.75} />Delete {counts.delete.length}…</SelectionButton>}
      </SelectionBar>
      {asked && <Question {...asked} onClose={() => { setAsked(null); }} onDone={onClear} />}
    </>
  );
}

const WORDS: Record<Verb, { title: (count: string) => string; keep: string; act: (count: number) => string; done: (count: string) => string; text: (jobs: Job[]) => ReactNode }> = {
  retry: { title: (count) => `Try ${count} again?`, keep: "Leave them", act: (count) => `Try ${count} again`, done: (count) => `${count} wait again`, text: retryText },
  cancel: { title: (count) => `Cancel ${count}?`, keep: "Let them run", act: (count) => `Cancel ${count}`, done: (count) => `${count} cancelled`, text: () => "What they have done so far is thrown away. A job that a worker has ends within seconds." },
  delete: { title: (count) => `Delete ${count}?`, keep: "Keep them", act: (count) => `Delete ${count}`, done: (count) => `${count} deleted`, text: () => "Encrypted pictures, receipts and analyses are deleted here. Keys stay, so pictures that were downloaded still open." },
};

/** Why they failed, and whether a repetition can help: the same files fail again. */
function retryText(jobs: Job[]): ReactNode {
  const codes = [...new Set(jobs.map((job) => job.error?.code ?? "unknown"))];
  const who = jobs.length === 1 ? "It" : jobs.length === 2 ? "Both" : "All";
  const why = codes.length === 1 ? <>{who} failed with <code>{codes[0]}</code></> : <>They failed with {codes.length} different codes</>;
  const same = codes.every((code) => OF_THE_FILE.has(code));
  return <>{why}{same ? `; the same ${jobs.length === 1 ? "file" : "files"} will fail again.` : ". The pictures are kept for 24 hours."}</>;
}

/** What the file itself is to blame for. */
const OF_THE_FILE = new Set(["image-corrupt", "image-empty", "unsupported-format", "layout-not-exact", "region-invalid", "too-many-pixels", "decryption-failed", "header-missing", "key-file-invalid"]);

function Question({ verb, jobs, onClose, onDone }: Asked & { onClose: () => void; onDone: () => void }) {
  const [done, setDone] = useState<number | null>(null);
  const [failures, setFailures] = useState<Failure[] | null>(null);
  const words = WORDS[verb];
  const run = async () => {
    setDone(0);
    const failed = await actOnAll(verb, jobs, setDone);
    const succeeded = jobs.length - failed.length;
    if (succeeded > 0) toast(words.done(plural(succeeded, "job")));
    if (failed.length > 0) setFailures(failed);
    else onClose();
    onDone();
  };
  if (failures) return <Failures failures={failures} of={jobs.length} onClose={onClose} />;
  const actions = (
    <>
      <Button onClick={onClose} disabled={done !== null}>{words.keep}</Button>
      <Button kind={verb === "delete" ? "danger" : "ink"} busy={done !== null} onClick={() => void run()}>{words.act(jobs.length)}</Button>
    </>
  );
  return (
    <Dialog open {...(done === null && { onClose })} title={words.title(plural(jobs.length, "job"))} actions={actions}>
      <p>{words.text(jobs)}</p>
      <Names jobs={jobs} />
      {done !== null && <div className="mt-3"><Progress share={done / jobs.length} label={words.act(jobs.length)} titled note={`${done} of ${jobs.length}`} /></div>}
    </Dialog>
  );
}

const SHOWN = 5;

const Names = ({ jobs }: { jobs: Job[] }) => (
  <ul className="mt-3 grid gap-0.5 text-ink">
    {jobs.slice(0, SHOWN).map((job) => <li key={job.job_id} className="truncate">{titleOf(job)}</li>)}
    {jobs.length > SHOWN && <li className="text-muted">and {jobs.length - SHOWN} more</li>}
  </ul>
);

/** What did not work, each with its own reason. */
function Failures({ failures, of, onClose }: { failures: Failure[]; of: number; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={`${failures.length} of ${of} did not work.`} actions={<Button onClick={onClose}>Close</Button>}>
      <ul className="grid max-h-72 gap-2 overflow-y-auto">
        {failures.map(({ job, error }) => {
          const { sentence, remedy } = explain(error);
          return (
            <li key={job.job_id}>
              <p className="truncate font-medium text-ink">{titleOf(job)}</p>
              <p>{sentence} {remedy}</p>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
