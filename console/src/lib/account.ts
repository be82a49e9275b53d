import type { Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { client, queries } from "@/lib/api.ts";
import { readOfTab, writeOfTab } from "@/lib/storage.ts";

const KEY = "account";
const ACCOUNTS = ["accounts"];

/** Begin in the account in which this tab was before it was loaded again. */
client.account = readOfTab(KEY);

/** Begin in an account, before anything was asked; null is the personal one. */
export function beginIn(account: string | null): void {
  client.account = account;
  writeOfTab(KEY, account);
}

/** Let this tab work in another account. Nothing of the account before is left. */
export function workIn(account: string | null): void {
  beginIn(account);
  void startOver();
}

/** Forget every answer and ask again: first for the accounts, because the role in one says what else may be asked. */
export async function startOver(): Promise<void> {
  for (const query of queries.getQueryCache().getAll()) query.reset();
  await queries.refetchQueries({ queryKey: ACCOUNTS });
  await queries.refetchQueries({ type: "active", stale: true });
}

/** The accounts of the user. The service answers this for the user, whatever account is chosen. */
export const useAccounts = () => useQuery({ queryKey: ACCOUNTS, queryFn: ({ signal }) => client.accounts.list({ signal }), staleTime: 60_000 });

/** The account in which this tab works; undefined until it is known. */
export function useAccount(): Membership | undefined {
  const { data } = useAccounts();
  return data?.data.find((account) => (client.account === null ? account.personal : account.account_id === client.account));
}

/** Where requests can be for: neither closed nor suspended. */
export const isOpen = ({ closed_at, suspended_at }: Membership): boolean => closed_at === null && suspended_at === null;

/** Whether the audit log and the API keys of an account are for this user to see: for every role but that of members. */
export const mayReview = ({ role }: Membership): boolean => role !== "member";

/** Whether members, invitations and API keys of an account are for this user to change. */
export const mayManage = ({ role }: Membership): boolean => role === "owner" || role === "admin";
