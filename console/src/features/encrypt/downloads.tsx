import type { Download as Fetched, Job } from "@imageshield/client";
import { AppWindow, Download, FileCheck2, FileImage, FileText, KeyRound, Package, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Evidence } from "@/features/encrypt/evidence.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { bytes, day } from "@/lib/format.ts";
import { saveAs } from "@/lib/save.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { Card, CardFoot, CardHead } from "@/ui/card.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

interface Item {
  key: string;
  icon: LucideIcon;
  name: string;
  note: ReactNode;
  size?: number | undefined;
  fetch: () => Promise<Fetched>;
}

/** Everything that can be taken away. */
export function Downloads({ job, image }: { job: Job; image: Evidence | undefined }) {
  const [error, setError] = useState<unknown>(null);
  const items = itemsOf(job, image);
  return (
    <Card aria-labelledby="downloads">
      <CardHead lined title={<span id="downloads">Downloads</span>} />
      {error !== null && <ProblemMessage error={error} className="m-4" />}
      <ul>
        {items.map((item) => <Row key={item.key} job={job} item={item} onError={setError} />)}
        <li className="flex items-center gap-3.5 border-t border-hairline px-5 py-3 max-md:px-4">
          <AppWindow aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
          <Words name="A page to keep" note="Opens the picture with its key file, offline and without this service" />
          <ButtonAnchor size="small" icon={Download} href="/open.html" download="open.html" aria-label="Download the page to keep">Download</ButtonAnchor>
        </li>
      </ul>
      <CardFoot className="bg-surface text-caption">{job.expires_at ? `Kept until ${day(new Date(job.expires_at))}. The key stays in the vault after that.` : "Kept until you delete the job."}</CardFoot>
    </Card>
  );
}

function itemsOf(job: Job, image: Evidence | undefined): Item[] {
  const id = job.job_id;
  const picture = () => (image ? Promise.resolve({ blob: image.image, name: image.name }) : client.jobs.result(id));
  return [
    { key: "image", icon: FileImage, name: "Encrypted picture", note: "Safe to show to anyone", size: image?.image.size, fetch: picture },
    { key: "key", icon: KeyRound, name: "Key file", note: <KeyNote job={job} />, fetch: () => client.jobs.keyFile(id) },
    ...(job.material_url ? [{ key: "material", icon: Package, name: "Material", note: "Without it the picture cannot be opened. Useless without the key file", fetch: () => client.jobs.material(id) }] : []),
    { key: "receipt", icon: FileCheck2, name: "Receipt", note: "Signed; nothing of the picture in it", fetch: () => client.jobs.receipt(id) },
    ...(job.report_url ? [{ key: "report", icon: FileText, name: "Report", note: "The measurements and their limits, as PDF", fetch: () => client.jobs.report(id, "pdf") }] : []),
  ];
}

/** A managed key leaves unencrypted; every other one leaves as it is stored. */
function KeyNote({ job }: { job: Job }) {
  if (job.key_custody === "passphrase") return "Opens the picture, with the password";
  if (job.key_custody === "recipient") return "Opens the picture, with a recipient's secret key";
  return <span className="font-medium text-warn">Anyone who has this file can open the picture.</span>;
}

const Words = ({ name, note, size }: { name: string; note: ReactNode; size?: number | undefined }) => (
  <div className="min-w-0 flex-1">
    <p className="font-medium">{name}{size !== undefined && <span className="numeric ml-2 text-dense whitespace-nowrap font-normal text-muted">{bytes(size)}</span>}</p>
    <p className="text-caption text-muted">{note}</p>
  </div>
);

/** The service names files by the job, because names are encrypted there; here the name of the picture is known. */
export function nameFor(job: Pick<Job, "job_id" | "file_name">, name: string | null): string {
  const stem = job.file_name?.replace(/\.[^.]*$/, "");
  return stem && name ? name.replace(job.job_id, stem) : (name ?? "download");
}

function Row({ job, item: { icon: Icon, name, note, size, fetch }, onError }: { job: Job; item: Item; onError: (error: unknown) => void }) {
  const [fetched, setFetched] = useState<number>();
  const { run, busy } = useAction(async () => {
    onError(null);
    const file = await fetch();
    setFetched(file.blob.size);
    saveAs(file.blob, nameFor(job, file.name));
  }, onError);
  return (
    <li className="flex items-center gap-3.5 border-hairline px-5 py-3 not-first:border-t max-md:px-4">
      <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
      <Words name={name} note={note} size={size ?? fetched} />
      <Button size="small" icon={Download} busy={busy} onClick={() => { run(); }} aria-label={`Download: ${name}`}>Download</Button>
    </li>
  );
}
