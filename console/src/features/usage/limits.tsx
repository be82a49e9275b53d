import type { Usage, Use } from "@imageshield/client";
import { Ban, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { bytes, count } from "@/lib/format.ts";
import { dayOf, shareOf, standingOf } from "@/lib/limits.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Time } from "@/ui/time.tsx";

/** Each limit of the tier with its use, and when there is room again. */
export function Limits({ usage, personal }: { usage: Usage; personal: boolean }) {
  return (
    <Card>
      <CardHead title="Limits" aside={<Badge><span className="capitalize">{usage.tier}</span></Badge>} />
      <CardPart className="pt-1!">
        <ul>
          <Limit name="Encryptions this month" use={usage.encryptions} note={`begins again on ${dayOf(usage.period.ends)}`} />
          <Limit name="Stored pictures" use={usage.stored_bytes} write={bytes} note="with what unfinished jobs reserve" />
          {usage.api_calls
            ? <Limit name="Jobs by API, last hour" use={usage.api_calls} note={usage.api_calls.reset && usage.api_calls.used > 0 ? <>more room <Time at={usage.api_calls.reset} /></> : "jobs of this console do not count"} />
            : <li className="border-t border-hairline py-2.5 text-muted">How many jobs came by API in the last hour is not known at the moment.</li>}
          {!personal && <Limit name="Members" use={usage.members} countable />}
          <Limit name="API keys" use={usage.api_keys} countable />
          <Limit name="Webhook endpoints" use={usage.webhook_endpoints} countable />
        </ul>
      </CardPart>
    </Card>
  );
}

interface Props {
  name: string;
  use: Use;
  write?: (value: number) => string;
  note?: ReactNode;
  /** What one has, and not what is used up: it is no trouble to have all. */
  countable?: boolean;
}

function Limit({ name, use, write = count, note, countable }: Props) {
  return (
    <li className="border-hairline py-2.5 not-first:border-t">
      <p className="flex items-baseline justify-between gap-3">
        <span className="text-dense font-medium">{name}</span>
        <span className="numeric text-right whitespace-nowrap">{write(use.used)} <span className="text-muted">{use.limit === null ? "no limit" : `of ${write(use.limit)}`}</span></span>
      </p>
      {use.limit !== null && <div className="mt-1.5"><Progress share={shareOf(use)} label={name} /></div>}
      {(note ?? null) !== null && use.limit !== null && <p className="mt-1.5 flex min-h-[22px] items-center justify-between gap-3 text-caption text-muted"><span>{note}</span>{!countable && <State use={use} />}</p>}
    </li>
  );
}

function State({ use }: { use: Use }) {
  const standing = standingOf(use);
  if (standing === "reached") return <Badge tone="bad" icon={Ban}>Reached</Badge>;
  if (standing === "near") return <Badge tone="warn" icon={TriangleAlert}>Near</Badge>;
  return null;
}
