import type { Webhook } from "@imageshield/client";
import { Ban, Check, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "@/ui/badge.tsx";
import { Time } from "@/ui/time.tsx";

/** Whether messages are sent to it, and whether they arrive. */
export function EndpointState({ endpoint }: { endpoint: Webhook }) {
  if (!endpoint.enabled) return <Badge tone={endpoint.disabled_reason === "owner" ? "plain" : "bad"} icon={Ban}>Disabled</Badge>;
  if (endpoint.failing_since !== null) return <Badge tone="warn" icon={TriangleAlert}>Failing</Badge>;
  return <Badge tone="ok" icon={Check}>Enabled</Badge>;
}

const REASONS = {
  owner: "You disabled it. It gets no new messages.",
  gone: "The receiver answered 410, which means that it does not want any. It gets no new messages.",
  failing: "No message got through for five days. It gets no new messages.",
};

/** Why nothing arrives, in a sentence; null if all is well. */
export function troubleOf(endpoint: Webhook): { title: string; text: ReactNode; tone: "bad" | "warn" | "info" } | null {
  if (!endpoint.enabled) {
    const reason = endpoint.disabled_reason ?? "owner";
    return { title: "This endpoint is disabled.", text: `${REASONS[reason]} Messages that already wait are sent when you enable it.`, tone: reason === "owner" ? "info" : "bad" };
  }
  if (endpoint.failing_since === null) return null;
  return { title: "Messages do not get through.", text: <>The first one failed <Time at={endpoint.failing_since} />. Each is tried for 17 hours; after five days without success the endpoint is disabled.</>, tone: "warn" };
}
