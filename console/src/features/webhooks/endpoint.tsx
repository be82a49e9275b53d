import { ApiProblem, type Webhook } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Ellipsis, KeyRound, Pencil, Send, Trash2, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { Deliveries } from "@/features/webhooks/deliveries.tsx";
import { EndpointForm } from "@/features/webhooks/endpoint-form.tsx";
import { DeleteQuestion, RotateQuestion } from "@/features/webhooks/questions.tsx";
import { SecretDialog } from "@/features/webhooks/secret.tsx";
import { EndpointState, troubleOf } from "@/features/webhooks/state.tsx";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { addressOf } from "@/lib/webhooks.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { Menu } from "@/ui/menu.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { Time } from "@/ui/time.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

export function EndpointPage({ id }: { id: string }) {
  const { data, error } = useQuery({ queryKey: ["webhooks", id], queryFn: ({ signal }) => client.webhooks.get(id, { signal }), refetchInterval: 15_000 });
  if (data) return <Endpoint endpoint={data} />;
  if (!error) return <Skeleton><div className="mb-6 grid gap-2.5"><Bone className="h-5 w-24" /><Bone className="h-6 w-96 max-w-full" /></div><Bone className="h-64 w-full" /></Skeleton>;
  const unknown = error instanceof ApiProblem && error.status === 404;
  return (
    <>
      <PageHead title="Webhook" />
      {unknown ? <Card><Empty icon={WebhookIcon} title="There is no such endpoint." action={<ButtonLink to="/webhooks">See all endpoints</ButtonLink>}>It was deleted, or it belongs to another account.</Empty></Card> : <ProblemMessage error={error} />}
    </>
  );
}

type Open = "change" | "rotate" | "delete" | null;

function Endpoint({ endpoint }: { endpoint: Webhook }) {
  const [open, setOpen] = useState<Open>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => { setOpen(null); };
  const trouble = troubleOf(endpoint);
  return (
    <>
      <PageHead title={addressOf(endpoint)} above={<Badges endpoint={endpoint} />} note={<Facts endpoint={endpoint} />} actions={<Actions endpoint={endpoint} onOpen={setOpen} />} />
      {trouble && <Message tone={trouble.tone} title={trouble.title} className="mb-4">{trouble.text}</Message>}
      {endpoint.previous_secret_until !== null && <Message className="mb-4" title="Two secrets sign.">The old one does so for the last time <Time at={endpoint.previous_secret_until} />.</Message>}
      <Deliveries endpoint={endpoint} />
      {open === "change" && <EndpointForm endpoint={endpoint} onClose={close} onChanged={(changed) => { keep(changed); close(); toast("Endpoint changed"); }} />}
      {open === "rotate" && <RotateQuestion endpoint={endpoint} onClose={close} onSecret={(made) => { close(); setSecret(made); }} />}
      {open === "delete" && <DeleteQuestion endpoint={endpoint} onClose={close} />}
      {secret !== null && <SecretDialog secret={secret} onClose={() => { setSecret(null); void queries.invalidateQueries({ queryKey: ["webhooks"] }); }} />}
    </>
  );
}

function keep(changed: Webhook): void {
  queries.setQueryData(["webhooks", changed.id], changed);
  void queries.invalidateQueries({ queryKey: ["webhooks"], exact: true });
}

const Badges = ({ endpoint }: { endpoint: Webhook }) => (
  <>
    <EndpointState endpoint={endpoint} />
    {endpoint.events.map((event) => <Badge key={event}>{event}</Badge>)}
  </>
);

const Facts = ({ endpoint }: { endpoint: Webhook }) => (
  <span className="flex flex-wrap items-center gap-x-2">
    {endpoint.description && <><span>{endpoint.description}</span><span aria-hidden>·</span></>}
    <CopyableId id={endpoint.id} what="endpoint id" />
  </span>
);

function Actions({ endpoint, onOpen }: { endpoint: Webhook; onOpen: (open: Open) => void }) {
  const { busy, test, enable } = useEndpoint(endpoint);
  const own = endpoint.url !== null;
  return (
    <>
      {own && <Button icon={Send} busy={busy} {...(!endpoint.enabled && { reason: "Enable it to test it" })} onClick={test}>Send a test</Button>}
      {own && <Button kind={endpoint.enabled ? "outline" : "ink"} busy={busy} onClick={() => { enable(!endpoint.enabled); }}>{endpoint.enabled ? "Disable" : "Enable"}</Button>}
      <Menu
        label="More of this endpoint"
        iconOnly
        align="end"
        buttonClassName="inline-flex size-9 items-center justify-center rounded-control border border-line bg-surface shadow-edge transition-colors hover:bg-raised max-md:size-11"
        items={[
          ...(own ? [{ label: "Change…", icon: Pencil, onSelect: () => { onOpen("change"); } }] : []),
          { label: "Make a new secret…", icon: KeyRound, onSelect: () => { onOpen("rotate"); } },
          { label: "Delete…", icon: Trash2, danger: true, lined: true, onSelect: () => { onOpen("delete"); } },
        ]}
      >
        <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
      </Menu>
    </>
  );
}

function useEndpoint({ id }: Webhook) {
  const { run, busy } = useAction(async (call: () => Promise<void>, failed: string) => {
    await call().catch((error: unknown) => { toastError(failed, error); });
  });
  const sendTest = async () => {
    await client.webhooks.test(id);
    await queries.invalidateQueries({ queryKey: ["deliveries-of", id] });
    toast("Test message sent", { text: "The log below shows what came of it." });
  };
  return {
    busy,
    test: () => { run(sendTest, "The test message was not sent"); },
    enable: (enabled: boolean) => { run(async () => { keep(await client.webhooks.change(id, { enabled })); }, "The endpoint was not changed"); },
  };
}
