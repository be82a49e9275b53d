import type { ManagedAccount, ManagedUser } from "@imageshield/client";
import { Ban, Check, Clock, ShieldUser, X } from "lucide-react";
import { Badge } from "@/ui/badge.tsx";

export function AccountState({ state }: Pick<ManagedAccount, "state">) {
  if (state === "active") return <Badge tone="ok" icon={Check}>Active</Badge>;
  return state === "suspended" ? <Badge tone="warn" icon={Ban}>Suspended</Badge> : <Badge icon={X}>Closed</Badge>;
}

export function UserState({ user }: { user: ManagedUser }) {
  if (user.suspended_at !== null) return <Badge tone="warn" icon={Ban}>Suspended</Badge>;
  if (user.factor_reset !== null) return <Badge tone="warn" icon={Clock}>Reset waits</Badge>;
  return user.operator ? <Badge icon={ShieldUser}>Operator</Badge> : <Badge tone="ok" icon={Check}>Active</Badge>;
}

/** A personal account has the address of its user for a name. */
export const nameOf = ({ name, email }: Pick<ManagedAccount, "name" | "email">): string => name ?? email ?? "–";
