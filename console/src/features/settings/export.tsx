import type { Job, Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Row } from "@/features/settings/section.tsx";
import { useAccount } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { isOpen } from "@/lib/jobs.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Button } from "@/ui/button.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";

const KEY = ["jobs", "export"];
const WHAT = "A zip with profile, jobs, encrypted pictures, receipts and audit trail; it has no password, no key and no decrypted picture";

/** A copy of what the account has: a job makes it. */
export function ExportRow() {
  const account = useAccount();
  const { data } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => client.jobs.list({ kind: "export", limit: 1 }, { signal }) });
  const { run, busy, error } = useAction(async () => {
    await client.person.exportData();
    await queries.invalidateQueries({ queryKey: KEY });
  });
  const last = data?.data[0];
  const mayExport = account?.role === "owner";
  return (
    <Row
      title={nameOf(account)}
      note={account !== undefined && !mayExport ? "Only an owner of this account exports it." : WHAT}
      control={mayExport && <Button size="small" busy={busy} {...(last !== undefined && isOpen(last) && { reason: "Being made" })} onClick={run}>Make an export</Button>}
    >
      {error !== null && <ProblemMessage error={error} />}
      {last !== undefined && <Last job={last} />}
    </Row>
  );
}

const nameOf = (account: Membership | undefined) => (account === undefined || account.personal ? "Export my data" : <>Export the data of <bdi>{account.name}</bdi></>);

function Last({ job }: { job: Job }) {
  const link = (word: string) => <ButtonLink size="small" to={`/jobs/${job.job_id}`}>{word}</ButtonLink>;
  if (isOpen(job)) return <Message title="The export is being made." action={link("Follow it")}>You can close this page.</Message>;
  if (job.status !== "completed") return <Message tone="warn" title={<>The export of <Time at={job.created_at} as="moment" /> was not made.</>} action={link("Look why")} />;
  if (job.result_url === null) return null;
  return <Message tone="ok" title={<>The export of <Time at={job.created_at} as="moment" /> is ready.</>} action={link("Download it")} />;
}
