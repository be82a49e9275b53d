import { useQueries } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { chunks } from "./selection.ts";

/** The letter of each job; a job whose letter is not known yet is missing, one without a letter has null. */
export function useLetters(ids: string[]): Map<string, string | null> {
  return useQueries({
    queries: chunks(ids).map((some) => ({ queryKey: ["letters", some], queryFn: () => lettersOf(some), staleTime: Infinity, retry: false })),
    combine: (answers) => new Map(answers.flatMap((answer) => answer.data ?? [])),
  });
}

async function lettersOf(ids: string[]): Promise<[string, string | null][]> {
  // A comparison takes two; a job may be compared with itself.
  const { jobs } = await client.analyses.compare(ids.length === 1 ? [ids[0], ids[0]] : ids);
  return jobs.map((job) => [job.job_id, job.letter]);
}
