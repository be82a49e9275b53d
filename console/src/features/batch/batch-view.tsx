import type { Batch } from "@imageshield/client";
import { Plus, RefreshCw, X } from "lucide-react";
import { useState } from "react";
import { Items, type Line } from "@/features/batch/items.tsx";
import { ZipCard } from "@/features/batch/zip-card.tsx";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { count, percent, plural } from "@/lib/format.ts";
import { useBatch } from "@/lib/watch.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardFoot, CardPart } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";
import { Progress } from "@/ui/progress.tsx";

/** A batch: one line a picture, live until its end. */
export function BatchView({ id }: { id: string }) {
  const { subject, live, connection, error } = useBatch(id);
  const [failure, setFailure] = useState<unknown>(null);
  if (!subject) return error ? <><PageHead title="Batch" /><ProblemMessage error={error} action={<ButtonLink to="/batch">All batches</ButtonLink>} /></> : <Card><SkeletonRows rows={6} /></Card>;
  const running = subject.status === "processing";
  const batch: Batch = running && live ? { ...subject, status: live.status, counts: live.counts } : subject;
  const lines: Line[] = subject.items.map((item) => ({ ...item, ...(running && live?.items.find(({ index }) => index === item.index)) }));
  const retryable = subject.items.filter((item) => item.status === "failed" && item.job_id !== null).length;
  return (
    <>
      <PageHead title={running ? `Encrypting ${plural(batch.counts.total, "picture")}` : titleOf(batch)} note={<CopyableId id={id} what="batch id" />} actions={<Actions batch={batch} retryable={retryable} onError={setFailure} />} />
      {(failure ?? error) !== null && <div className="mb-4"><ProblemMessage error={failure ?? error} /></div>}
      <Columns
        side="charts" gap={24}
        aside={
          <>
            <Card aria-label="Progress">
              <CardPart>
                <p className="numeric text-figure">{count(ended(batch))}<span className="ml-2 text-title font-normal text-muted">of {count(batch.counts.total)}</span></p>
                <div className="mt-3"><Progress picture share={shareOf(lines)} label="Of all pictures" titled note={percent(shareOf(lines))} /></div>
                <p className="numeric mt-3 text-dense text-muted">{countsText(lines)}</p>
              </CardPart>
              {running && <CardFoot className="bg-surface text-caption"><span role="status"><Live state={connection === "live" ? "live" : "reconnecting"}>{connection === "live" ? "Live" : "Reconnecting, asking every 2 s."}</Live></span><span className="text-right">You can close this page. Its link brings you back.</span></CardFoot>}
            </Card>
            {!running && <ZipCard batch={batch} />}
          </>
        }
      >
        <Items lines={lines} />
      </Columns>
    </>
  );
}

const ended = ({ counts }: Batch): number => counts.completed + counts.failed + counts.cancelled;

function titleOf({ status, counts }: Batch): string {
  if (status === "cancelled") return `Cancelled after ${plural(counts.completed, "picture")}`;
  if (counts.failed === 0) return `${plural(counts.completed, "picture")} encrypted`;
  return `${counts.completed} encrypted, ${counts.failed} failed`;
}

function shareOf(lines: Line[]): number {
  const done = lines.reduce((sum, line) => sum + (["completed", "failed", "cancelled"].includes(line.status) ? 100 : (line.progress ?? 0)), 0);
  return lines.length === 0 ? 1 : done / (100 * lines.length);
}

const WORDS = { completed: "encrypted", processing: "running", pending: "waiting", failed: "failed", cancelled: "cancelled" };

function countsText(lines: Line[]): string {
  const parts = (Object.keys(WORDS) as Line["status"][]).map((status) => [lines.filter((line) => line.status === status).length, WORDS[status]] as const);
  return parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`).join(" · ");
}

function Actions({ batch, retryable, onError }: { batch: Batch; retryable: number; onError: (error: unknown) => void }) {
  const { run, busy } = useAction(async (change: (id: string) => Promise<Batch>) => {
    onError(null);
    queries.setQueryData([batch.batch_id], await change(batch.batch_id));
    void queries.invalidateQueries({ queryKey: ["batches"] });
  }, onError);
  if (batch.status === "processing") return <Button icon={X} busy={busy} onClick={() => { run((id) => client.batches.cancel(id)); }}>Cancel the rest</Button>;
  return (
    <>
      {retryable > 0 && <Button icon={RefreshCw} busy={busy} onClick={() => { run((id) => client.batches.retry(id)); }}>Try {retryable} again</Button>}
      <ButtonLink icon={Plus} to="/batch">New batch</ButtonLink>
    </>
  );
}
