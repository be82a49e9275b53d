import type { SecurityEvent } from "@imageshield/client";
import { ShieldCheck } from "lucide-react";
import { useAction } from "@/lib/action.ts";
import { queries } from "@/lib/api.ts";
import { plural } from "@/lib/format.ts";
import { eventsOf, SECURITY_EVENTS, useSecurityEvents, type Watched } from "@/lib/security-events.ts";
import { Badge, type Tone } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Skeleton, Bone } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";

const TONES: Record<SecurityEvent["severity"], Tone> = { high: "bad", medium: "warn", low: "plain" };
const WORDS: Record<SecurityEvent["severity"], string> = { high: "High", medium: "Medium", low: "Low" };

/** What the rules on the audit trail found, and what to do. */
export function SecurityEvents({ watched }: { watched: Watched }) {
  const { data, error, isLoading } = useSecurityEvents(watched);
  const events = data?.data ?? [];
  return (
    <Card aria-label="Security events">
      <CardHead lined title="Security events" aside={events.length > 0 && <Badge>{`${events.length}${data?.has_more ? "+" : ""}`}</Badge>} />
      {error && <CardPart tight><ProblemMessage error={error} /></CardPart>}
      {isLoading && <Waiting />}
      {data && events.length === 0 && <Quiet />}
      {events.length > 0 && <ul>{events.map((event) => <Item key={event.id} event={event} watched={watched} />)}</ul>}
    </Card>
  );
}

const Quiet = () => (
  <CardPart tight className="flex min-h-16 items-center gap-3">
    <ShieldCheck aria-hidden className="size-5 shrink-0 text-ok" strokeWidth={1.75} />
    <p className="text-dense"><span className="font-medium">Nothing unusual</span><span className="block text-caption text-muted">Rules watch log-ins, downloads, API keys and roles</span></p>
  </CardPart>
);

const Waiting = () => (
  <Skeleton>
    <div className="flex h-16 items-center gap-3 px-5 max-md:px-4">
      <Bone className="size-5" />
      <span className="grid gap-1.5"><Bone className="h-2.5 w-36" /><Bone className="h-2 w-56" /></span>
    </div>
  </Skeleton>
);

function Item({ event, watched }: { event: SecurityEvent; watched: Watched }) {
  const { run, busy, error } = useAction(async () => {
    await eventsOf(watched).acknowledge(event.id);
    await queries.invalidateQueries({ queryKey: [SECURITY_EVENTS, watched] });
  });
  return (
    <li className="grid gap-3 border-line px-5 py-4 not-first:border-t max-md:px-4">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-dense font-medium">{event.what}<Badge tone={TONES[event.severity]}>{WORDS[event.severity]}</Badge></p>
          <p className="text-dense text-muted">{event.advice}</p>
          <p className="mt-1 text-caption text-muted"><Time at={event.last_at} as="moment" /><Object event={event} /></p>
        </div>
        <Button size="small" busy={busy} onClick={run} aria-label={`Acknowledge: ${event.what}`}>Acknowledge</Button>
      </div>
      {error !== null && <ProblemMessage error={error} />}
    </li>
  );
}

/** Which API key or member it is about, and how often it was found. */
function Object({ event: { facts, count, rule } }: { event: SecurityEvent }) {
  const about = [facts.api_key_id, facts.member_id].find((one) => typeof one === "string");
  const again = (rule === "privilege_change" || rule === "new_network") && count > 1;
  return <>{typeof about === "string" && <span className="break-all">, {about}</span>}{again && <>, {plural(count, "time", "times")}</>}</>;
}
