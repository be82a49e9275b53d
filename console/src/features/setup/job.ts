import { isBatch, type Job, type JobState } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client, queries } from "@/lib/api.ts";

export interface SampleState {
  job: Job | undefined;
  status: Job["status"];
  stage: string;
  /** From 0 to 1. */
  share: number;
  connection: "live" | "reconnecting";
  error: unknown;
}

const isOver = (status: string | undefined): boolean => status === "completed" || status === "failed" || status === "cancelled";

/** The job of the set-up, live until it ends. */
export function useSampleJob(id: string): SampleState {
  const { data: job, error } = useJob(id);
  const running = job !== undefined && !isOver(job.status);
  const { live, connection, failure } = useFollowed(id, running);
  return {
    job,
    status: job && isOver(job.status) ? job.status : (live?.status ?? job?.status ?? "pending"),
    stage: live?.stage ?? job?.stage ?? "queued",
    share: (live?.progress ?? job?.progress ?? 0) / 100,
    connection,
    error: error ?? failure,
  };
}

export const useJob = (id: string) => useQuery({ queryKey: [id], queryFn: ({ signal }) => client.jobs.get(id, { signal }), enabled: id !== "", staleTime: Infinity });

function useFollowed(id: string, running: boolean) {
  const [live, setLive] = useState<JobState | null>(null);
  const [connection, setConnection] = useState<"live" | "reconnecting">("live");
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => {
    if (!running) return;
    const left = new AbortController();
    const follow = client.follow(id, {
      signal: left.signal,
      onEvent: (_, state) => { if (!isBatch(state)) setLive(state); },
      onConnection: (now) => { setConnection(now === "reconnecting" || now === "polling" ? "reconnecting" : "live"); },
    });
    // The end is in the job: with its error, or with the addresses of what it made.
    follow.then(() => queries.invalidateQueries({ queryKey: [id] }), (error: unknown) => { if (!left.signal.aborted) setFailure(error); });
    return () => {
      left.abort();
    };
  }, [id, running]);
  return { live, connection, failure };
}
