import type { Delivery } from "@imageshield/client";
import { Check, Clock, X } from "lucide-react";
import { isDelivered, outcomeOf } from "@/lib/webhooks.ts";
import { Badge } from "@/ui/badge.tsx";

/** What a receiver answered: icon and code, or the word for no answer. */
export function AttemptBadge({ attempt }: { attempt: Delivery["attempts"][number] | undefined }) {
  if (attempt === undefined) return <Badge icon={Clock}>Waiting</Badge>;
  if (attempt.outcome === null) return <Badge busy>Sending</Badge>;
  return <Badge tone={isDelivered(attempt) ? "ok" : "bad"} icon={isDelivered(attempt) ? Check : X}>{outcomeOf(attempt)}</Badge>;
}
