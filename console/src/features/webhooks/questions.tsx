import type { Webhook } from "@imageshield/client";
import { useNavigate } from "@tanstack/react-router";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { addressOf } from "@/lib/webhooks.ts";
import { Confirm } from "@/ui/confirm.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

interface Props {
  endpoint: Webhook;
  onClose: () => void;
}

export function RotateQuestion({ endpoint, onClose, onSecret }: Props & { onSecret: (secret: string) => void }) {
  const { busy, error, run } = useAction(async () => { onSecret((await client.webhooks.rotateSecret(endpoint.id)).secret); });
  return (
    <Confirm open onClose={onClose} title="Make a new secret?" keep="Keep the old one" act="Make a new one" kind="ink" busy={busy} onAct={run}>
      Both secrets sign for 24 hours, so that your server can change over. If the old one has leaked, do this twice: then it is worthless at once.
      {error !== null && <ProblemMessage error={error} className="mt-3" />}
    </Confirm>
  );
}

export function DeleteQuestion({ endpoint, onClose }: Props) {
  const navigate = useNavigate();
  const { busy, error, run } = useAction(async () => {
    await client.webhooks.remove(endpoint.id);
    toast("Endpoint deleted");
    await navigate({ to: "/webhooks" });
    queries.removeQueries({ queryKey: ["webhooks", endpoint.id] });
    await queries.invalidateQueries({ queryKey: ["webhooks"] });
  });
  return (
    <Confirm open onClose={onClose} title="Delete this endpoint?" keep="Keep it" act="Delete the endpoint" busy={busy} onAct={run}>
      <span className="break-all text-ink">{addressOf(endpoint)}</span> gets no more messages. Those that wait are not sent, and its log is deleted.
      {error !== null && <ProblemMessage error={error} className="mt-3" />}
    </Confirm>
  );
}
