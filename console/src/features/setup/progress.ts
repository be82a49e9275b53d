import type { JobPage, Setup } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client, queries } from "@/lib/api.ts";
import { forgetLinkSecret, linkSecret } from "@/lib/link-secret.ts";
import { session, useSessionState } from "@/lib/session.ts";

/** The one-time code that `imageshield up` prints, behind the `#` of the address; browsers do not send it. */
export const operatorCode = linkSecret() ?? "";

/** Where the set-up is. `elsewhere`: there are jobs, so it is over. */
export type Place = "asking" | "operator" | "picture" | "elsewhere";

export interface SetupState {
  place: Place;
  error: unknown;
  again: () => void;
}

/** What the installation has decides what is open, so that a reload continues there. `job` is the sample of this set-up. */
export function useSetup(job: string): SetupState {
  const empty = useQuery({ queryKey: ["setup"], queryFn: ({ signal }) => client.accounts.setup({ signal }), staleTime: Infinity });
  const signedIn = useResumed(empty.data?.empty === false);
  const known = job !== "";
  const jobs = useQuery({ queryKey: ["setup", "jobs"], queryFn: ({ signal }) => client.jobs.list({ limit: 1 }, { signal }), enabled: signedIn && !known });
  const error = empty.error ?? jobs.error;
  const again = () => void (empty.error ? empty.refetch() : jobs.refetch());
  return { place: placeOf(empty.data, signedIn, known, jobs.data), error, again };
}

function placeOf(setup: Setup | undefined, signedIn: boolean, known: boolean, jobs: JobPage | undefined): Place {
  if (setup?.empty || (operatorCode !== "" && setup?.operator === false)) return "operator";
  if (!signedIn || setup === undefined) return "asking";
  if (known) return "picture";
  if (jobs === undefined) return "asking";
  return jobs.data.length === 0 ? "picture" : "elsewhere";
}

/** The account has been made: what was asked before it is known without asking again. */
export function noteFirstAccount(): void {
  forgetLinkSecret();
  queries.setQueryData<Setup>(["setup"], (known) => known && { ...known, empty: false, operator: true });
  queries.setQueryData<JobPage>(["setup", "jobs"], { data: [], has_more: false, next_cursor: null });
}

/** Whether somebody is signed in. An installation with accounts is for these: who is not one signs in first. */
function useResumed(on: boolean): boolean {
  const state = useSessionState();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!on || state !== "unknown") return;
    session.resume().catch(() => {
      setFailed(true);
    });
  }, [on, state]);
  const refused = on && (state === "signed-out" || failed);
  useEffect(() => {
    if (refused) location.replace(`/login?${new URLSearchParams({ next: location.pathname + location.search })}`);
  }, [refused]);
  return state === "signed-in";
}
