import type { Webhook } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { EndpointForm } from "@/features/webhooks/endpoint-form.tsx";
import { SecretDialog } from "@/features/webhooks/secret.tsx";
import { EndpointState } from "@/features/webhooks/state.tsx";
import { client, queries } from "@/lib/api.ts";
import { addressOf } from "@/lib/webhooks.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardFoot } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

const MOST = 20;

/** Where the ends of jobs are sent. */
export function EndpointsPage() {
  const { data, error, isPending } = useQuery({ queryKey: ["webhooks"], queryFn: ({ signal }) => client.webhooks.list({ signal }) });
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const endpoints = data?.data ?? [];
  const add = () => { setAdding(true); };
  const full = endpoints.filter((endpoint) => endpoint.url !== null).length >= MOST;
  return (
    <>
      <PageHead title="Webhooks" note="Your server is told when a job has ended, so that it need not ask." actions={endpoints.length > 0 && <Button kind="ink" icon={Plus} {...(full && { reason: `${MOST} endpoints are the limit` })} onClick={add}>Add an endpoint</Button>} />
      {error && <ProblemMessage error={error} className="mb-4" />}
      <Card>
        {isPending && <SkeletonRows rows={3} />}
        {data && endpoints.length === 0 && <Empty icon={WebhookIcon} title="No endpoints yet." action={<Button kind="ink" icon={Plus} onClick={add}>Add an endpoint</Button>}>Add the address of your server, and it gets a signed message for each end of a job.</Empty>}
        {endpoints.length > 0 && <Table caption="Endpoints" columns={COLUMNS} rows={endpoints} rowKey={(endpoint) => endpoint.id} />}
        {endpoints.length > 0 && <CardFoot>Messages are signed as Standard Webhooks says, and any of its libraries verifies them.</CardFoot>}
      </Card>
      {adding && (
        <EndpointForm
          onClose={() => { setAdding(false); }}
          onCreated={(created) => {
            setAdding(false);
            setSecret(created.secret);
            void queries.invalidateQueries({ queryKey: ["webhooks"] });
          }}
        />
      )}
      {secret !== null && <SecretDialog secret={secret} onClose={() => { setSecret(null); }} />}
    </>
  );
}

const COLUMNS: Column<Webhook>[] = [
  { key: "url", head: "Address", phone: "name", cell: (endpoint) => <Address endpoint={endpoint} /> },
  { key: "events", head: "Events", cell: (endpoint) => <span className="text-dense">{endpoint.url === null ? "as the request says" : endpoint.events.join(", ")}</span> },
  { key: "state", head: "State", width: "120px", phone: "badge", cell: (endpoint) => <EndpointState endpoint={endpoint} /> },
  { key: "created", head: "Created", width: "160px", right: true, phone: "none", cell: (endpoint) => <Time at={endpoint.created_at} as="moment" /> },
];

const Address = ({ endpoint }: { endpoint: Webhook }) => (
  <span className="grid min-w-0">
    <Link to="/webhooks/$webhook" params={{ webhook: endpoint.id }} className="row-link font-medium break-all">{addressOf(endpoint)}</Link>
    <span className="text-caption break-words text-muted">{endpoint.url === null ? "Default endpoint: its secret signs these messages" : endpoint.description}</span>
  </span>
);
