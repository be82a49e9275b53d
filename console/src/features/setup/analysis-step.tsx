import type { Analysis, Job } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { client } from "@/lib/api.ts";
import { wordsOf, pText, upperFirst } from "@/lib/measures.ts";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Letter } from "@/ui/letter.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Step } from "./step.tsx";

const TITLE = "Read its analysis";
const TEXT = "What encryption did to the picture, in numbers, each beside what noise would give.";

export const AnalysisWaiting = () => <Step number={3} state="waiting" title={TITLE} note={TEXT} />;

export function AnalysisStep({ job }: { job: Job }) {
  const measured = job.analysis_url !== null;
  return (
    <Step number={3} state="open" title={TITLE} note={TEXT}>
      {measured ? <Measured job={job.job_id} /> : <Unmeasured />}
      <div className="mt-5 flex flex-wrap items-center justify-end gap-2 max-md:[&>*]:w-full">
        <ButtonLink to={measured ? `/analytics/${job.job_id}` : `/jobs/${job.job_id}`}>{measured ? "All numbers" : "The job"}</ButtonLink>
        <ButtonLink kind="ink" to="/overview" icon={ArrowRight}>Go to the overview</ButtonLink>
      </div>
    </Step>
  );
}

const Unmeasured = () => <Message title="This picture was not measured.">It is encrypted all the same. Its job says why there are no numbers.</Message>;

function Measured({ job }: { job: string }) {
  const { data, error, refetch } = useQuery({ queryKey: [job, "analysis"], queryFn: ({ signal }) => client.analyses.get(job, { signal }), staleTime: Infinity });
  if (error !== null) return <ProblemMessage error={error} action={<Button size="small" onClick={() => void refetch()}>Try again</Button>} />;
  if (data === undefined) return <Skeleton label="Loading the analysis"><Bone className="h-32 w-full" /></Skeleton>;
  return <Summary analysis={data} />;
}

const SHOWN = ["entropy", "chi_square", "correlation_horizontal", "npcr_between_ciphertexts"];

function Summary({ analysis }: { analysis: Analysis }) {
  const { security_grade: grade, tests, limits } = analysis;
  const passed = grade.rules.filter((rule) => rule.passed === true).length;
  const tested = grade.rules.filter((rule) => rule.passed !== null).length;
  return (
    <div className="grid gap-4">
      <div className="flex items-center gap-4">
        <Letter letter={grade.letter} size="large" />
        <p className="text-dense text-muted">
          <strong className="block text-card text-ink">{grade.letter === null ? "No letter" : `${passed} of ${tested} rules passed${tested < grade.rules.length ? `, ${grade.rules.length - tested} not tested` : ""}`}</strong>
          {grade.letter === null ? `${upperFirst(grade.reason ?? "nothing was judged")}.` : `${upperFirst(grade.scale[grade.letter] ?? "")}.`}
        </p>
      </div>
      <Numbers tests={tests.filter((test) => SHOWN.includes(test.id) && test.value !== null)} />
      <Message title="What this does not show">{limits[0]}</Message>
    </div>
  );
}

function Numbers({ tests }: { tests: Analysis["tests"] }) {
  if (tests.length === 0) return null;
  return (
    <table className="w-full text-dense">
      <caption className="sr-only">Some of the numbers</caption>
      <thead>
        <tr className="text-caption text-muted [&>th]:pb-1.5 [&>th]:font-medium">
          <th scope="col" className="text-left">Number</th>
          <th scope="col" className="text-right">Measured</th>
          <th scope="col" className="text-right">Noise</th>
          <th scope="col" className="text-right max-md:hidden">p</th>
        </tr>
      </thead>
      <tbody>
        {tests.map((test) => {
          const { name, write } = wordsOf(test.id, test.name);
          return (
            <tr key={test.id} className="border-t border-hairline [&>td]:py-2 [&>td:not(:first-child)]:pl-3 [&>td:not(:first-child)]:whitespace-nowrap">
              <td>{name}</td>
              <td className="numeric text-right font-medium">{test.value === null ? "–" : write(test.value)}</td>
              <td className="numeric text-right text-muted">{test.expected === null ? "–" : write(test.expected)}</td>
              <td className="numeric text-right text-muted max-md:hidden">{pText(test.p_value)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
