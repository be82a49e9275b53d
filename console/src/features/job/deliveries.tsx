import type { Delivery, Job, Webhook } from "@imageshield/client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { client, queries } from "@/lib/api.ts";
import { duration } from "@/lib/format.ts";
import { addressOf } from "@/lib/webhooks.ts";
import { AttemptBadge } from "@/ui/attempt-badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

interface Sent {
  delivery: Delivery;
  endpoint: Webhook;
}

interface Try extends Sent {
  attempt: Delivery["attempts"][number] | undefined;
}

const PAGE = 100;

/** The messages about a job. The service lists them by endpoint; those of before its end are not about it. */
async function sentAbout(job: Job, signal: AbortSignal): Promise<Sent[]> {
  const { data: endpoints } = await client.webhooks.list({ signal });
  const pages = await Promise.all(endpoints.map(async (endpoint) => ({ endpoint, page: await client.webhooks.deliveries(endpoint.id, { limit: PAGE }, { signal }) })));
  return pages.flatMap(({ endpoint, page }) => page.data.filter((delivery) => delivery.subject_id === job.job_id).map((delivery) => ({ delivery, endpoint })));
}

/** Newest first; a message that was not sent yet has one row without an attempt. */
const triesOf = (sent: Sent[]): Try[] =>
  sent
    .flatMap((one): Try[] => (one.delivery.attempts.length === 0 ? [{ ...one, attempt: undefined }] : one.delivery.attempts.map((attempt) => ({ ...one, attempt }))))
    .toSorted((one, other) => timeOf(other).localeCompare(timeOf(one)));

const timeOf = ({ attempt, delivery }: Try): string => attempt?.started_at ?? delivery.created_at;

const COLUMNS: Column<Try>[] = [
  { key: "answer", head: "Answer", phone: "badge", cell: ({ attempt }) => <AttemptBadge attempt={attempt} /> },
  { key: "event", head: "Event", phone: "name", cell: ({ delivery }) => delivery.event_type },
  { key: "to", head: "To", cell: ({ endpoint }) => <span className="break-all">{addressOf(endpoint)}</span> },
  { key: "try", head: "Try", right: true, phone: "none", cell: ({ attempt }) => attempt?.number ?? "" },
  { key: "at", head: "At (UTC)", right: true, cell: (one) => timeOf(one).slice(11, 19) },
  { key: "took", head: "Took", right: true, cell: ({ attempt }) => (attempt?.duration_ms == null ? "" : duration(attempt.duration_ms / 1000)) },
];

/** What was sent about this job, and whether it arrived; nothing if there are no webhooks. */
export function DeliveriesCard({ job }: { job: Job }) {
  const key = ["deliveries", job.job_id, job.status];
  const { data } = useQuery({ queryKey: key, queryFn: ({ signal }) => sentAbout(job, signal), refetchInterval: ({ state }) => (state.data?.some(({ delivery }) => delivery.status === "pending" || delivery.status === "sending") ? 5_000 : false) });
  const again = useMutation({
    mutationFn: async (sent: Sent[]) => { for (const { endpoint, delivery } of sent) await client.webhooks.replay(endpoint.id, delivery.id); },
    onSuccess: () => { toast("Sent again", { text: "Under its old id, so that the receiver can tell." }); },
    onError: (error) => { toastError("The message could not be sent again", error); },
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (!data?.length) return null;
  return (
    <Card>
      <CardHead lined title="Webhook deliveries" aside={<Button size="small" icon={RotateCw} busy={again.isPending} onClick={() => { again.mutate(data); }}>Send again</Button>} />
      <Table caption="Attempts to deliver, newest first" columns={COLUMNS} rows={triesOf(data)} rowKey={(one) => `${one.delivery.id} ${one.attempt?.number ?? 0}`} />
    </Card>
  );
}
