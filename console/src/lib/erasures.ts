import { useQuery } from "@tanstack/react-query";
import { useAccounts } from "@/lib/account.ts";
import { client } from "@/lib/api.ts";

const KEY = ["erasure"];

/** The erasure of the user, which is asked for only where the personal account is closed. */
export function useOwnErasure() {
  const { data: accounts } = useAccounts();
  const closed = accounts?.data.some((account) => account.personal && account.closed_at !== null) ?? false;
  const { data } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => client.person.erasure({ signal }), enabled: closed });
  return closed ? data : undefined;
}
