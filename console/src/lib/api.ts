import { ApiProblem, Client, isPassing, SignedOut, type Me } from "@imageshield/client";
import { QueryClient, useQuery } from "@tanstack/react-query";
import "@/lib/problem-words.ts";
import { session } from "@/lib/session.ts";

/** The one client of the console. */
export const client = new Client({ session });

const RETRIES = 2;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal will be repeated; only what passes is tried again.
      retry: (failures, error) => isPassing(error) && failures < RETRIES,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

/** Who is signed in. */
export const useMe = () => useQuery({ queryKey: ["me"], queryFn: ({ signal }) => client.accounts.me({ signal }), staleTime: 60_000 });

/** Whether an error is one that a new sign-in mends. */
export const isSignedOut = (error: unknown): boolean => error instanceof SignedOut || (error instanceof ApiProblem && error.status === 401);

/** After a sign-in on top of a page: what failed meanwhile is asked again. Of another account nothing may be left. */
export async function continueAs(email: string): Promise<"same" | "other"> {
  const before = queries.getQueryData<Me>(["me"]);
  const now = await queries.query({ queryKey: ["me"], queryFn: () => client.accounts.me(), staleTime: 0 });
  if (before !== undefined && before.account_id !== now.account_id) {
    client.account = null;
    queries.clear();
    return "other";
  }
  if (before === undefined && now.email !== email) queries.clear();
  await queries.invalidateQueries();
  return "same";
}
