import type { Delivery, DeliveryFilter, Webhook } from "@imageshield/client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleDot, Clock, Inbox, RotateCw, X } from "lucide-react";
import { useMemo } from "react";
import { useAction } from "@/lib/action.ts";
import { useAddress } from "@/lib/address.ts";
import { client, queries } from "@/lib/api.ts";
import { duration } from "@/lib/format.ts";
import { outcomeOf } from "@/lib/webhooks.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { Id } from "@/ui/copyable-id.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { FilterSelect } from "@/ui/filter.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { MorePages, Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

type State = NonNullable<DeliveryFilter["status"]>;
const STATES: { value: State; name: string }[] = [
  { value: "pending", name: "Waiting" },
  { value: "delivered", name: "Delivered" },
  { value: "failed", name: "Given up" },
];
const PAGE = 25;

const isUnderWay = ({ status }: Delivery): boolean => status === "pending" || status === "sending";

function useDeliveries(id: string, status: State | undefined) {
  return useInfiniteQuery({
    queryKey: ["deliveries-of", id, status ?? ""],
    queryFn: ({ pageParam, signal }) => client.webhooks.deliveries(id, { limit: PAGE, ...(status && { status }), ...(pageParam && { cursor: pageParam }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? (state.data.pages[0]?.data.some(isUnderWay) ? 3_000 : 15_000) : false),
  });
}

/** The log of an endpoint: every message, and every attempt to send it. */
export function Deliveries({ endpoint }: { endpoint: Webhook }) {
  const [search, change] = useAddress();
  const status = STATES.find((state) => state.value === search.status)?.value;
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useDeliveries(endpoint.id, status);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const columns = useMemo(() => columnsOf(endpoint), [endpoint]);
  return (
    <Card>
      <CardHead lined title="Messages" note="Kept for 30 days" aside={<FilterSelect name="State" icon={CircleDot} options={STATES} value={status} onChange={(value) => { change({ status: value }); }} onClear={() => { change({ status: "" }); }} />} />
      {isPending && <SkeletonRows rows={4} />}
      {error && <div className="p-5"><ProblemMessage error={error} /></div>}
      {data && rows.length === 0 && <Empty icon={Inbox} title={status === undefined ? "No messages yet." : "No messages in this state."}>{status === undefined ? "Send a test, or wait for the end of a job." : "Clear the filter to see all of them."}</Empty>}
      {rows.length > 0 && <Table caption="Messages, newest first" columns={columns} rows={rows} rowKey={(delivery) => delivery.id} />}
      {rows.length > 0 && <MorePages shown={rows.length} size={PAGE} hasMore={hasNextPage} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </Card>
  );
}

const columnsOf = (endpoint: Webhook): Column<Delivery>[] => [
  { key: "state", head: "State", width: "128px", phone: "badge", cell: (delivery) => <DeliveryState delivery={delivery} /> },
  { key: "event", head: "Event", phone: "name", cell: (delivery) => delivery.event_type },
  { key: "about", head: "About", cell: (delivery) => <Subject id={delivery.subject_id} /> },
  { key: "tries", head: "Answers", cell: (delivery) => <Answers delivery={delivery} /> },
  { key: "created", head: "Created", right: true, cell: (delivery) => <Time at={delivery.created_at} as="moment" /> },
  { key: "again", head: <span className="sr-only">Send again</span>, width: "132px", right: true, cell: (delivery) => <Again endpoint={endpoint} delivery={delivery} /> },
];

function DeliveryState({ delivery }: { delivery: Delivery }) {
  if (delivery.status === "delivered") return <Badge tone="ok" icon={Check}>Delivered</Badge>;
  if (delivery.status === "failed") return <Badge tone="bad" icon={X}>Given up</Badge>;
  return delivery.status === "sending" ? <Badge busy>Sending</Badge> : <Badge icon={Clock}>Waiting</Badge>;
}

function Subject({ id }: { id: string }) {
  if (id.startsWith("job_")) return <Link to="/jobs/$job" params={{ job: id }} className="link"><Id id={id} /></Link>;
  if (id.startsWith("bat_")) return <Link to="/batches/$batch" params={{ batch: id }} className="link"><Id id={id} /></Link>;
  return <span className="text-muted">this endpoint</span>;
}

/** `503, 503, 200` with the time of the last; then when it is tried next. */
function Answers({ delivery: { attempts, next_attempt_at, status } }: { delivery: Delivery }) {
  const last = attempts.at(-1);
  return (
    <span className="text-dense">
      <span className="numeric">{attempts.map(outcomeOf).join(", ")}</span>
      {last?.duration_ms != null && <span className="numeric text-muted">{attempts.length > 0 && ", "}{duration(last.duration_ms / 1000)}</span>}
      {status === "pending" && next_attempt_at !== null && <span className="block text-caption text-muted">next try <Time at={next_attempt_at} /></span>}
    </span>
  );
}

function Again({ endpoint, delivery }: { endpoint: Webhook; delivery: Delivery }) {
  const { run, busy } = useAction(async () => {
    try {
      await client.webhooks.replay(endpoint.id, delivery.id);
      toast("Sent again", { text: "Under its old id, so that the receiver can tell." });
    } catch (error) {
      toastError("The message was not sent again", error);
    }
    await queries.invalidateQueries({ queryKey: ["deliveries-of", endpoint.id] });
  });
  if (isUnderWay(delivery)) return null;
  return <Button size="small" icon={RotateCw} busy={busy} aria-label={`Send again: ${delivery.event_type}`} onClick={() => { run(); }}>Send again</Button>;
}
