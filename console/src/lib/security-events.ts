import type { Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useAccount } from "@/lib/account.ts";
import { client } from "@/lib/api.ts";

export const SECURITY_EVENTS = ["security-events", "open"];
const EVERY = 30_000;
const MOST = 20;

/** Whether the role may see the audit trail, and with it these events. */
const mayReview = ({ role }: Membership): boolean => role !== "member";

/** The newest events that nobody has acknowledged. A member does not see them, and asks for none. */
export function useSecurityEvents() {
  const account = useAccount();
  return useQuery({
    queryKey: SECURITY_EVENTS,
    queryFn: ({ signal }) => client.securityEvents.list({ open: true, limit: MOST }, { signal }),
    refetchInterval: EVERY,
    enabled: account !== undefined && mayReview(account),
  });
}
