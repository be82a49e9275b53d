import type { NewWebhook, Webhook, WebhookWithSecret } from "@imageshield/client";
import { ApiProblem } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { explain } from "@/lib/problems.ts";
import { EVENTS } from "@/lib/webhooks.ts";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { FieldError } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

type Event = NewWebhook["events"][number];
const FORM = "endpoint";
const FIRST: Event[] = ["job.completed", "job.failed"];

interface Props {
  /** The endpoint to change; a new one if left out. */
  endpoint?: Webhook;
  onClose: () => void;
  onCreated?: (created: WebhookWithSecret) => void;
  onChanged?: (changed: Webhook) => void;
}

/** Address, events and note of an endpoint. */
export function EndpointForm({ endpoint, onClose, onCreated, onChanged }: Props) {
  const [events, setEvents] = useState<ReadonlySet<string>>(new Set(endpoint?.events ?? FIRST));
  const { run, busy, error } = useAction(async (form: FormData) => {
    const body = { url: textOf(form, "url").trim(), events: [...events] as Event[], description: textOf(form, "description").trim() || null };
    if (endpoint) onChanged?.(await client.webhooks.change(endpoint.id, body));
    else onCreated?.(await client.webhooks.create(body));
  });
  const refused = urlFault(error);
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy} disabled={events.size === 0}>{endpoint ? "Save" : "Add the endpoint"}</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title={endpoint ? "Change the endpoint" : "Add an endpoint"} actions={actions}>
      <form id={FORM} onSubmit={submitting((form) => { if (events.size > 0) run(form); })} className="mt-2 grid gap-4 text-ink">
        {error !== null && refused === undefined && <ProblemMessage error={error} />}
        <Input type="url" name="url" label="Address" placeholder="https://example.org/hooks/imageshield" hint="https, on port 443 or 8443, with public addresses only." error={refused} defaultValue={endpoint?.url ?? ""} maxLength={2048} autoComplete="off" autoFocus required />
        <fieldset>
          <legend className="mb-1.5 text-dense font-medium">Send when</legend>
          <div className="grid gap-1.5">
            {Object.entries(EVENTS).map(([name, text]) => (
              <Checkbox key={name} label={<span>{text} <code className="ml-1 text-muted">{name}</code></span>} checked={events.has(name)} onChange={(on) => { setEvents((before) => new Set(on ? [...before, name] : [...before].filter((one) => one !== name))); }} />
            ))}
          </div>
          {events.size === 0 && <FieldError>Choose at least one event.</FieldError>}
        </fieldset>
        <Input name="description" label="Note" note="for yourself" defaultValue={endpoint?.description ?? ""} maxLength={256} autoComplete="off" />
      </form>
    </Dialog>
  );
}

const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** What is wrong with the address, and what to do; shown at the field. */
function urlFault(error: unknown): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;
  if (error.code === "webhook-url-refused") return `${asSentence(error.detail)} For a receiver in your own network, let the operator add it to WEBHOOK_ALLOW_NETWORKS.`;
  const ofUrl = error.errors.find((field) => field.field?.endsWith("url"));
  return ofUrl === undefined ? undefined : explain(error).remedy;
}
