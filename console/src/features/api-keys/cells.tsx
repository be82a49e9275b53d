import type { ApiKey } from "@imageshield/client";
import { Ban, Check, Clock, RotateCw, TriangleAlert, type LucideIcon } from "lucide-react";
import { endOf, stateOf, type KeyState } from "@/features/api-keys/state.ts";
import { cx } from "@/lib/cx.ts";
import { count } from "@/lib/format.ts";
import { useNow } from "@/lib/hooks.ts";
import { Badge, type Tone } from "@/ui/badge.tsx";
import { Time } from "@/ui/time.tsx";

const LOOKS: Record<KeyState, { word: string; tone: Tone; icon: LucideIcon }> = {
  active: { word: "Active", tone: "ok", icon: Check },
  soon: { word: "Ends soon", tone: "warn", icon: TriangleAlert },
  replaced: { word: "Replaced", tone: "warn", icon: RotateCw },
  over: { word: "Replaced", tone: "plain", icon: RotateCw },
  expired: { word: "Expired", tone: "plain", icon: Clock },
  revoked: { word: "Revoked", tone: "plain", icon: Ban },
};

export function StateBadge({ apiKey }: { apiKey: ApiKey }) {
  const { word, tone, icon } = LOOKS[stateOf(apiKey, useNow())];
  return <Badge tone={tone} icon={icon}>{word}</Badge>;
}

/** The name, and how the key begins. */
export const NameCell = ({ apiKey }: { apiKey: ApiKey }) => (
  <span className="grid min-w-0 py-1.5 max-md:py-0">
    <span className={cx("font-medium break-words", apiKey.status === "revoked" && "text-muted")}>{apiKey.name}</span>
    <code className="text-muted">{apiKey.prefix}…</code>
  </span>
);

/** What it may do, and what bounds it. */
export function RightsCell({ apiKey }: { apiKey: ApiKey }) {
  const bounds = [
    ...(apiKey.networks === null ? [] : [`from ${apiKey.networks.join(", ")}`]),
    ...(apiKey.rate_per_hour === null ? [] : [`${count(apiKey.rate_per_hour)} jobs an hour`]),
  ];
  return (
    <span className="grid min-w-0 text-dense">
      <span className="break-words">{apiKey.scopes.join(", ")}</span>
      {bounds.length > 0 && <span className="text-caption break-words text-muted">{bounds.join(" · ")}</span>}
    </span>
  );
}

export const UsedCell = ({ apiKey }: { apiKey: ApiKey }) => (apiKey.last_used_at === null ? <span className="text-muted">never used</span> : <><span className="md:hidden">used </span><Time at={apiKey.last_used_at} /></>);

export function EndCell({ apiKey }: { apiKey: ApiKey }) {
  const end = endOf(apiKey);
  const now = useNow();
  return end === null ? <span className="text-muted">no end</span> : <><span className="md:hidden">{Date.parse(end) > now.getTime() ? "ends" : "ended"} </span><Time at={end} /></>;
}
