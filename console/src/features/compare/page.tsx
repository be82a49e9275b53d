import { ApiProblem, type Analysis, type Comparison } from "@imageshield/client";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Columns2, ListChecks } from "lucide-react";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { plural, shortId } from "@/lib/format.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { ChartCard, Deviations, deviationsTable } from "@/ui/charts/index.ts";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PageHead, Stack } from "@/ui/page.tsx";
import { ComparedTable } from "./compared-table.tsx";
import { deviationsOf, groupsOf } from "./rows.ts";

const LEAST = 2;
const MOST = 20;

export default function ComparePage() {
  const [search, change] = useAddress();
  const ids = [...new Set([search.job].flat().filter((id): id is string => typeof id === "string" && id !== ""))];
  const again = <ButtonLink icon={ListChecks} to="/analytics" search={{ compare: ids } as never}>Choose others</ButtonLink>;
  const fits = ids.length >= LEAST && ids.length <= MOST;
  return (
    <>
      <PageHead title={fits ? `Compare ${ids.length} jobs` : "Compare jobs"} note="The same numbers of each, and what noise of its size would give." actions={fits && again} />
      {fits ? <Compared ids={ids} onRemove={(id) => { change({ job: ids.filter((one) => one !== id) }); }} /> : <Wrong ids={ids} />}
    </>
  );
}

function Wrong({ ids }: { ids: string[] }) {
  const number = ids.length;
  const text = number > MOST ? `At most ${MOST} can be compared, and the address names ${number}.` : number === 1 ? "One job is chosen. Choose one more." : "Choose 2 to 20 measured pictures.";
  return <Card><Empty icon={Columns2} title="Nothing to compare yet" action={<ButtonLink kind="ink" to="/analytics" search={{ compare: ids } as never}>Choose pictures</ButtonLink>}>{text}</Empty></Card>;
}

function Compared({ ids, onRemove }: { ids: string[]; onRemove: (id: string) => void }) {
  const comparison = useQuery({ queryKey: ["comparison", ids], queryFn: ({ signal }) => client.analyses.compare(ids, { signal }), staleTime: Infinity });
  // What noise gives depends on the size of each picture, and only its analysis knows it.
  const analyses = useQueries({
    queries: ids.map((id) => ({ queryKey: ["analysis", id], queryFn: () => client.analyses.get(id), staleTime: Infinity, enabled: comparison.isSuccess })),
    combine: (answers) => answers.map((answer) => answer.data),
  });
  const names = useNames(ids);
  if (comparison.isError) return <Failure error={comparison.error} />;
  if (!comparison.data) return <Skeleton><Stack><Bone className="h-[420px] rounded-card" /><Bone className="h-[480px] rounded-card" /></Stack></Skeleton>;
  return <Shown comparison={comparison.data} analyses={analyses} names={names} onRemove={onRemove} />;
}

function Shown({ comparison, analyses, names, onRemove }: { comparison: Comparison; analyses: (Analysis | undefined)[]; names: string[]; onRemove: (id: string) => void }) {
  const rows = deviationsOf(names.map((name, index) => ({ name, analysis: analyses[index] })));
  const title = "How far from noise?";
  return (
    <Stack>
      {rows.length === 0 ? <Skeleton><Bone className="h-[420px] rounded-card" /></Skeleton> : (
        <ChartCard title={title} note={`Each dot is one of the ${plural(names.length, "job")}, in standard deviations of noise of its size. Shaded: 95 % of noise.`} table={deviationsTable(rows)} foot="One dot of twenty is outside the shaded band for true noise, too. None of this shows that a key is secret.">
          <Deviations name={title} rows={rows} />
        </ChartCard>
      )}
      <ComparedTable jobs={comparison.jobs} names={names} groups={groupsOf(comparison, analyses)} {...(comparison.jobs.length > LEAST && { onRemove })} />
    </Stack>
  );
}

/** File names of the jobs; they are kept with the job, not with its analysis. */
function useNames(ids: string[]): string[] {
  return useQueries({
    queries: ids.map((id) => ({ queryKey: ["job", id], queryFn: () => client.jobs.get(id), staleTime: 60_000, retry: false })),
    combine: (answers) => distinct(answers.map((answer) => answer.data?.file_name ?? null), ids),
  });
}

/** Two jobs may have encrypted the same file: then the end of the id tells them apart. */
const distinct = (names: (string | null)[], ids: string[]): string[] =>
  names.map((name, index) => (name === null ? shortId(ids[index]) : names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} …${ids[index].slice(-6)}`));

function Failure({ error }: { error: Error }) {
  // The detail names the job that has no analysis by its place.
  if (error instanceof ApiProblem && error.code !== "unauthenticated") return <Message tone="bad" title="These jobs cannot be compared." requestId={error.request_id ?? undefined}>{error.errors.map((one) => one.detail).join(" ") || error.detail}</Message>;
  return <ProblemMessage error={error} />;
}
