import type { Job } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { saveAs } from "@/lib/save.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { RadioCards } from "@/ui/choice.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { PasswordInput } from "@/ui/input.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

type Lock = "password" | "none";
const FORM = "key-file";
const SHORTEST = 12;

/** Export the key file: of a managed key under a password, or as it is, which opens the picture for everyone. */
export function KeyFileDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const managed = job.key_custody === "managed";
  const [lock, setLock] = useState<Lock>("password");
  const { run, busy, error } = useAction(async (form: FormData) => {
    const { blob, name } = await client.jobs.keyFile(job.job_id, locked ? { locks: { master_password: textOf(form, "password") } } : {});
    saveAs(blob, name ?? `${job.file_name ?? job.job_id}.qkey`);
    onClose();
  });
  const locked = managed && lock === "password";
  const actions = (
    <>
      <Button onClick={onClose}>Close</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Download the key file</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Key file" actions={actions}>
      <form id={FORM} onSubmit={submitting(run)} className="grid gap-3 text-ink">
        <p className="text-muted">{managed ? "The service keeps this key. With the key file the picture also opens without the service." : "The file is as locked as the picture’s key: its password or recipients open it, and the service cannot."}</p>
        {managed && <RadioCards legend="How the key file is locked" options={LOCKS} value={lock} onChange={setLock} />}
        {locked && <PasswordInput name="password" label="Password for the key file" autoComplete="new-password" minLength={SHORTEST} hint="At least 12 characters. If it is lost, nobody can help." required />}
        {managed && lock === "none" && <Message tone="warn" title="Anyone who has this file can open the picture.">A file that was shared cannot be called back.</Message>}
        {error !== null && <ProblemMessage error={error} />}
        <Opener />
      </form>
    </Dialog>
  );
}

const LOCKS = [
  { value: "password" as const, name: "Under a password", text: "Opens with the password that you choose now" },
  { value: "none" as const, name: "Not encrypted", text: "Opens for everyone who has it" },
];

const Opener = () => (
  <div className="flex items-center justify-between gap-3 rounded-control border border-line px-3 py-2.5 max-md:flex-wrap">
    <p className="text-caption text-muted"><strong className="block text-dense font-medium text-ink">A page to keep</strong> Opens the picture with its key file in any browser, offline, years later.</p>
    <ButtonAnchor size="small" href="/open.html" download="open.html">open.html</ButtonAnchor>
  </div>
);
