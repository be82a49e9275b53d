import type { DeadLetter } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { ActButton } from "@/features/admin/act.tsx";
import { Pages, SIZE } from "@/features/admin/pages.tsx";
import { client } from "@/lib/api.ts";
import { bytes, plural, shortId } from "@/lib/format.ts";
import { Badge } from "@/ui/badge.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import type { Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** Jobs that stopped their worker, or failed, in every attempt. */
export const DeadLetters = () => (
  <Pages name={["dead-letters"]} load={(cursor, signal) => client.administration.deadLetters({ limit: SIZE, ...(cursor && { cursor }) }, { signal })} caption="Dead letters" columns={COLUMNS} rowKey={({ job_id }) => job_id} empty={{ icon: CircleCheck, title: "No job was given up.", text: "A job that stops its worker in three attempts appears here, with its inputs for 24 hours." }} />
);

const COLUMNS: Column<DeadLetter>[] = [
  { key: "job", head: "Job", phone: "name", cell: ({ job_id }) => <CopyableId id={job_id} what="job id" /> },
  { key: "kind", head: "Kind", width: "100px", cell: ({ kind }) => kind },
  { key: "account", head: "Account", width: "190px", cell: ({ account_id }) => <Link to="/admin/accounts/$account" params={{ account: account_id }} className="link font-mono text-[13px] whitespace-nowrap">{shortId(account_id)}</Link> },
  { key: "stage", head: "Last stage", wide: true, cell: (letter) => <span className="text-dense">{letter.last_stage}, {plural(letter.attempts, "attempt")}{sizeOf(letter)}</span> },
  { key: "failed", head: "Failed", width: "130px", right: true, cell: ({ failed_at }) => (failed_at === null ? "–" : <Time at={failed_at} />) },
  { key: "act", head: <span className="sr-only">Redrive</span>, width: "130px", right: true, phone: "badge", cell: (letter) => <Redrive letter={letter} /> },
];

function sizeOf({ image }: DeadLetter): string {
  const size: unknown = image?.bytes;
  return typeof size === "number" ? `, ${bytes(size)}` : "";
}

function Redrive({ letter: { job_id, can_be_redriven } }: { letter: DeadLetter }) {
  if (!can_be_redriven) return <Badge>Inputs gone</Badge>;
  return <ActButton act={{ name: "Redrive", title: "Try this job again?", text: "It gets three new attempts. Do it when the cause is removed, for example by more memory or a fixed release.", done: "The job waits again", run: () => client.administration.redrive(job_id) }} />;
}
