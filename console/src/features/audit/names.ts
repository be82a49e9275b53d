import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useAccount } from "@/lib/account.ts";
import { client, useMe } from "@/lib/api.ts";

/** The names of users and API keys, by their ids. */
export interface Names {
  users: ReadonlyMap<string, string>;
  keys: ReadonlyMap<string, string>;
}

const KEEP = 60_000;

/** The names that this account knows. Who has left, and keys of long ago, have ids only. */
export function useNames(mayRead: boolean): Names {
  const account = useAccount();
  const { data: me } = useMe();
  const id = account?.account_id ?? "";
  const members = useQuery({ queryKey: ["members", id], queryFn: ({ signal }) => client.members.list(id, { signal }), enabled: account?.personal === false, staleTime: KEEP });
  const keys = useQuery({ queryKey: ["api-keys", "names"], queryFn: ({ signal }) => client.api.GET("/api/v1/auth/keys", { signal }).then(({ data }) => data?.data ?? []), enabled: mayRead, staleTime: KEEP });
  return useMemo(
    () => ({
      users: new Map([...(members.data?.data ?? []).map((one) => [one.user_id, one.email] as const), ...(me ? [[me.user_id, me.email] as const] : [])]),
      keys: new Map((keys.data ?? []).map((key) => [key.id, key.name])),
    }),
    [members.data, keys.data, me],
  );
}
