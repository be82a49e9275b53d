import type { Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Check, ChevronsUpDown, LogOut, Mailbox, Settings, UserRound, UsersRound } from "lucide-react";
import { useEffect } from "react";
import { isOpen, useAccount, useAccounts, workIn } from "@/lib/account.ts";
import { client, useMe } from "@/lib/api.ts";
import { leaveConsole } from "@/lib/session.ts";
import { Menu, type MenuItem } from "@/ui/menu.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

/** Who is signed in, the account in which this tab works, and the way out. */
export function AccountMenu() {
  const { data: me } = useMe();
  const email = me?.email ?? "";
  const account = useAccount();
  const choices = useChoices();
  const outbox = useOutbox(me?.operator === true);
  useLostAccount();
  const items: MenuItem[] = [
    ...choices,
    { label: "Settings", icon: Settings, to: "/settings", lined: choices.length > 0 },
    ...outbox,
    { label: "Sign out", icon: LogOut, onSelect: () => void leave(), lined: true },
  ];
  return (
    <Menu items={items} label={`Account ${email}`} buttonClassName="flex w-full items-center gap-2.5 rounded-control px-2 py-1.5 text-left text-dense transition-colors hover:bg-raised">
      <span aria-hidden className="flex size-7 shrink-0 items-center justify-center rounded-control border border-line bg-raised text-caption font-semibold">{initials(email)}</span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{email || "…"}</span>
        <span className="block truncate text-caption text-muted">{account && !account.personal ? account.name : me?.operator ? "Operator" : (me?.tier ?? "…")}</span>
      </span>
      <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.5} />
    </Menu>
  );
}

/** For operators, where mails go to a folder. */
function useOutbox(operator: boolean): MenuItem[] {
  const { data } = useQuery({ queryKey: ["setup"], queryFn: ({ signal }) => client.accounts.setup({ signal }), enabled: operator, staleTime: Infinity });
  return operator && data?.outbox === true ? [{ label: "Outbox", icon: Mailbox, to: "/outbox" }] : [];
}

/** The accounts to choose from, where there is more than the personal one. */
function useChoices(): MenuItem[] {
  const { data } = useAccounts();
  const chosen = useAccount();
  const navigate = useNavigate();
  const open = (data?.data ?? []).filter(isOpen);
  const choose = async ({ personal, account_id }: Membership) => {
    // The page may show something of the account before.
    await navigate({ to: "/overview" });
    workIn(personal ? null : account_id);
  };
  if (open.length < 2) return [];
  return open.map((account) => ({
    label: <span className="max-w-56 truncate">{account.name ?? "Personal account"}{account === chosen && <span className="sr-only"> (chosen)</span>}</span>,
    icon: account === chosen ? Check : account.personal ? UserRound : UsersRound,
    onSelect: () => void choose(account),
  }));
}

/** Go back to the personal account if the chosen one was closed, or the user is no member of it any more. */
function useLostAccount(): void {
  const { data } = useAccounts();
  useEffect(() => {
    if (data === undefined || client.account === null) return;
    if (data.data.some((account) => account.account_id === client.account && isOpen(account))) return;
    workIn(null);
    toast("You are back in your personal account", { text: "The other account was closed, or you are no member of it any more." });
  }, [data]);
}

/** Sign out. If the service does not answer, the session goes on and a notice says so. */
export async function leave(): Promise<void> {
  try {
    await leaveConsole();
  } catch (error) {
    toastError("You are still signed in", error);
  }
}

/** `ada.lovelace@…` is AL, `ada@…` is AD. */
function initials(email: string): string {
  const [first = "", second] = (email.split("@")[0] ?? "").split(/[._-]+/);
  return (second ? first.charAt(0) + second.charAt(0) : first.slice(0, 2)).toUpperCase();
}
