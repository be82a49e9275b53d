import type { Identity, Provider } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { client, queries } from "@/lib/api.ts";

const KEY = ["identities"];

export interface Identified {
  linked: Identity[];
  /** Providers of which the user has linked none. */
  open: Provider[];
  /** A linked provider that can confirm who the user is. */
  confirming: Provider | undefined;
}

/** By which providers the user can sign in; null until it is known. */
export function useIdentities(): Identified | null {
  const providers = useQuery({ queryKey: ["providers"], queryFn: ({ signal }) => client.accounts.providers({ signal }), staleTime: 60_000 });
  const identities = useQuery({ queryKey: KEY, queryFn: ({ signal }) => client.accounts.identities({ signal }) });
  if (!providers.data || !identities.data) return null;
  const linked = identities.data.data;
  const isLinked = ({ id }: Provider) => linked.some((one) => one.provider === id);
  return { linked, open: providers.data.data.filter((one) => !isLinked(one)), confirming: providers.data.data.find((one) => one.confirms && isLinked(one)) };
}

export const identitiesChanged = (): Promise<void> => queries.invalidateQueries({ queryKey: KEY });
