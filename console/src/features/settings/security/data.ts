import { useQuery } from "@tanstack/react-query";
import { client, queries } from "@/lib/api.ts";

const FACTORS = ["factors"];
const SESSIONS = ["login-sessions"];

export const useFactors = () => useQuery({ queryKey: FACTORS, queryFn: ({ signal }) => client.factors.get({ signal }) });

export const useSessions = () => useQuery({ queryKey: SESSIONS, queryFn: ({ signal }) => client.person.sessions({ signal }) });

/** Ask again after a change. */
export const factorsChanged = (): Promise<void> => queries.invalidateQueries({ queryKey: FACTORS });
export const sessionsChanged = (): Promise<void> => queries.invalidateQueries({ queryKey: SESSIONS });
