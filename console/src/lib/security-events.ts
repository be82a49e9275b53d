import { useQuery } from "@tanstack/react-query";
import { mayReview, useAccount } from "@/lib/account.ts";
import { client } from "@/lib/api.ts";

/** Whose events: those of the chosen account, or those of the installation, which operators see. */
export type Watched = "account" | "system";

export const SECURITY_EVENTS = "security-events";
const EVERY = 30_000;
const MOST = 20;

export const eventsOf = (watched: Watched) => (watched === "system" ? client.systemSecurityEvents : client.securityEvents);

/** The newest events that nobody has acknowledged. A member does not see those of the account, and asks for none. */
export function useSecurityEvents(watched: Watched = "account") {
  const account = useAccount();
  return useQuery({
    queryKey: [SECURITY_EVENTS, watched],
    queryFn: ({ signal }) => eventsOf(watched).list({ open: true, limit: MOST }, { signal }),
    refetchInterval: EVERY,
    enabled: watched === "system" || (account !== undefined && mayReview(account)),
  });
}
