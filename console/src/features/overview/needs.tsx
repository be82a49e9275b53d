import type { Job, Pool, SecurityEvent, Usage, Webhook } from "@imageshield/client";
import { CircleX, Gauge, ServerOff, ShieldAlert, TriangleAlert, Webhook as WebhookIcon, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useFailed, useWebhooks, weekAgo } from "@/features/overview/data.ts";
import { bytes, count, plural } from "@/lib/format.ts";
import { dayOf, quotasOf } from "@/lib/limits.ts";
import { usePools } from "@/lib/pools.ts";
import { explainCode } from "@/lib/problems.ts";
import { useSecurityEvents } from "@/lib/security-events.ts";
import { useUsage } from "@/lib/usage.ts";
import { Badge } from "@/ui/badge.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { Time } from "@/ui/time.tsx";

interface Need {
  key: string;
  icon: LucideIcon;
  tone: "bad" | "warn";
  title: ReactNode;
  note: ReactNode;
  to: string;
  search?: Record<string, string>;
}

/** What a person must look at; nothing if there is nothing. */
export function Needs() {
  const failed = useFailed();
  const webhooks = useWebhooks();
  const pools = usePools();
  const usage = useUsage();
  const events = useSecurityEvents();
  const needs = [
    ...eventNeeds(events.data?.data ?? [], events.data?.has_more ?? false),
    ...(pools.data?.pools.length === 0 ? [NO_WORKER] : []),
    ...(usage.data ? quotaNeeds(usage.data) : []),
    ...failedNeeds(failed.data?.data ?? [], failed.data?.has_more ?? false),
    ...(webhooks.data?.data ?? []).flatMap(webhookNeeds),
    ...(pools.data?.pools ?? []).flatMap(alarmNeeds),
  ];
  if (needs.length === 0) return null;
  return (
    <Card>
      <CardHead lined title="Needs you" aside={<Badge>{needs.length}</Badge>} />
      <ul>
        {needs.map(({ key, icon: Icon, tone, title, note, to, search }) => (
          <li key={key} className="flex items-center gap-3 border-line px-5 py-3 not-first:border-t max-md:px-4">
            <Icon aria-hidden className={`size-4 shrink-0 self-start mt-0.5 ${tone === "bad" ? "text-bad" : "text-warn"}`} strokeWidth={1.75} />
            <p className="min-w-0 flex-1 text-dense font-medium break-words">{title}<span className="block text-caption font-normal text-muted">{note}</span></p>
            <ButtonLink size="small" to={to} {...(search && { search })}>Look</ButtonLink>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const NO_WORKER: Need = { key: "worker", icon: ServerOff, tone: "bad", title: "No worker reports", note: "New jobs wait until one starts", to: "/quantum" };

/** One line for all security events, with the newest one. */
function eventNeeds(events: SecurityEvent[], hasMore: boolean): Need[] {
  const newest = events.at(0);
  if (newest === undefined) return [];
  const tone = events.some(({ severity }) => severity === "high") ? "bad" : "warn";
  return [{ key: "security", icon: ShieldAlert, tone, title: `${hasMore ? "More than " : ""}${plural(events.length, "security event", "security events")} to look at`, note: newest.what, to: "/audit" }];
}

/** One line for all that failed; a reason if it is the same everywhere. */
function failedNeeds(jobs: Job[], hasMore: boolean): Need[] {
  if (jobs.length === 0) return [];
  const codes = new Set(jobs.map((job) => job.error?.code ?? ""));
  const reason = jobs[0]?.error && codes.size === 1 ? explainCode(jobs[0].error.code, jobs[0].error.title).sentence : `${codes.size} different reasons`;
  const since = weekAgo().slice(0, 10);
  return [{ key: "failed", icon: CircleX, tone: "bad", title: `${hasMore ? "More than " : ""}${plural(jobs.length, "job has", "jobs have")} failed in 7 days`, note: reason, to: "/history", search: { status: "failed", since } }];
}

const LIMITS = {
  encryptions: { title: "Encryptions of this month", write: count },
  stored_bytes: { title: "The store", write: bytes },
};

/** A quota of the tier that is used up, or nearly. */
function quotaNeeds(usage: Usage): Need[] {
  return quotasOf(usage).filter(({ standing }) => standing === "near" || standing === "reached").map(({ key, use, standing }) => {
    const { title, write } = LIMITS[key];
    const reset = key === "encryptions" ? `; begins again on ${dayOf(usage.period.ends)}` : "";
    return { key, icon: Gauge, tone: standing === "reached" ? "bad" : "warn", title: `${title}: ${standing === "reached" ? "the limit is reached" : "near the limit"}`, note: `${write(use.used)} of ${write(use.limit ?? 0)}${reset}`, to: "/usage" };
  });
}

const hostOf = (url: string | null): string => (url === null ? "" : new URL(url).host);

function webhookNeeds(endpoint: Webhook): Need[] {
  const shared = { key: endpoint.id, icon: WebhookIcon, to: `/webhooks/${endpoint.id}` };
  if (!endpoint.enabled && endpoint.disabled_reason !== "owner") return [{ ...shared, tone: "bad", title: "A webhook was disabled", note: `${hostOf(endpoint.url)}: ${endpoint.disabled_reason === "gone" ? "it answered 410" : "nothing got through for five days"}` }];
  if (endpoint.enabled && endpoint.failing_since !== null) return [{ ...shared, tone: "warn", title: <>A webhook has failed since <Time at={endpoint.failing_since} as="moment" /></>, note: hostOf(endpoint.url) }];
  return [];
}

const alarmNeeds = ({ worker, source, alarm }: Pool): Need[] =>
  alarm === null ? [] : [{ key: worker, icon: TriangleAlert, tone: "warn", title: <>The source {source} failed <Time at={alarm.at} /></>, note: "Keys are as strong; their receipts say “degraded”", to: "/quantum" }];
