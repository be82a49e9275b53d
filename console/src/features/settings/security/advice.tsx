import { ShieldAlert } from "lucide-react";
import { useFactors } from "@/features/settings/security/data.ts";
import { isOpen, useAccounts } from "@/lib/account.ts";
import { useMe } from "@/lib/api.ts";
import { Message } from "@/ui/message.tsx";

/** For whom others rely on, while a password alone signs them in. */
export function Advice() {
  const { data: factors } = useFactors();
  const why = useReason();
  if (factors === undefined || factors.second_factor || why === null) return null;
  return <Message icon={ShieldAlert} title="Add a second factor.">{why} Who learns your password could act in your name.</Message>;
}

function useReason(): string | null {
  const { data: me } = useMe();
  const { data: accounts } = useAccounts();
  if (me?.operator) return "You operate this installation.";
  const owned = accounts?.data.find((account) => isOpen(account) && !account.personal && account.role === "owner");
  return owned === undefined ? null : `You own the account ${owned.name ?? ""}.`;
}
