import type { Batch, BatchState, Connection, Job, JobState, State } from "@imageshield/client";
import { isBatch } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client, isSignedOut, queries } from "@/lib/api.ts";
import { useSessionState } from "@/lib/session.ts";

/** When a stage was first seen, by this page's own steady clock: that of the machine may be wrong. */
export interface Mark {
  stage: string;
  at: number;
}

interface Followed {
  id: string;
  state: State | null;
  connection: Connection;
  marks: Mark[];
  error: unknown;
}

const nothing = (id: string): Followed => ({ id, state: null, connection: "connecting", marks: [], error: null });

/** Follow a job or batch to its end; again after a new sign-in, and after a retry. */
function useFollowed(id: string, on: boolean): Followed {
  const [followed, setFollowed] = useState<Followed>(() => nothing(id));
  const session = useSessionState();
  useEffect(() => {
    if (!on || session === "signed-out") return;
    const stop = new AbortController();
    const change = (part: (before: Followed) => Partial<Followed>) => {
      if (!stop.signal.aborted) setFollowed((before) => { const base = before.id === id ? before : nothing(id); return { ...base, ...part(base) }; });
    };
    change(() => ({ error: null }));
    client
      .follow(id, {
        signal: stop.signal,
        onEvent: (_, state) => { change(({ marks }) => ({ state, marks: marked(marks, state) })); },
        onConnection: (connection) => { change(() => ({ connection })); },
      })
      .then(
        () => { if (!stop.signal.aborted) void queries.invalidateQueries({ queryKey: [id] }); },
        (error: unknown) => { change(() => ({ error: isSignedOut(error) ? null : error })); },
      );
    return () => { stop.abort(); };
  }, [id, on, session]);
  return followed.id === id ? followed : nothing(id);
}

function marked(marks: Mark[], state: State): Mark[] {
  if (isBatch(state) || marks.at(-1)?.stage === state.stage) return marks;
  return [...marks, { stage: state.stage, at: performance.now() }];
}

export interface Watch<Subject, Live> {
  subject: Subject | undefined;
  /** The last event, which is ahead of the subject. */
  live: Live | null;
  connection: Connection;
  marks: Mark[];
  error: unknown;
}

const over = (status: string | undefined): boolean => status === "completed" || status === "failed" || status === "cancelled";

/** A job: what it is, and its live state until it ends. */
export function useJob(id: string): Watch<Job, JobState> {
  const { data, error } = useQuery({ queryKey: [id], queryFn: ({ signal }) => client.jobs.get(id, { signal }), staleTime: Infinity });
  const followed = useFollowed(id, data !== undefined && !over(data.status));
  const live = followed.state && !isBatch(followed.state) ? followed.state : null;
  return { subject: data, live, connection: followed.connection, marks: followed.marks, error: error ?? followed.error };
}

/** A batch: what it is, and the live state of its items. */
export function useBatch(id: string): Watch<Batch, BatchState> {
  const { data, error } = useQuery({ queryKey: [id], queryFn: ({ signal }) => client.batches.get(id, { signal }), staleTime: Infinity });
  const followed = useFollowed(id, data !== undefined && !over(data.status));
  const live: BatchState | null = followed.state && isBatch(followed.state) ? followed.state : null;
  return { subject: data, live, connection: followed.connection, marks: followed.marks, error: error ?? followed.error };
}
