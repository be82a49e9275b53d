import type { Job } from "@imageshield/client";
import { explainCode } from "@/lib/problems.ts";
import { warningText } from "@/lib/warnings.ts";
import { Message } from "@/ui/message.tsx";

/** What went wrong, and what to know: each in a sentence. */
export function Notices({ job }: { job: Job }) {
  const purity = job.quantum_purity;
  const lower = purity?.served && purity.served !== purity.requested ? purity.reason : null;
  return (
    <>
      {job.error && <Failure error={job.error} kind={job.kind} />}
      {job.status === "cancelled" && <Message title="The job was cancelled.">{job.kind === "export" ? "It has made nothing." : "It has made nothing, and the picture that was sent is deleted."}</Message>}
      {lower && <Message tone="warn" title={`“${purity?.requested ?? ""}” was asked for, “${purity?.served ?? ""}” was served.`}>{lower}. Strength is 256 bits in both.</Message>}
      {job.warnings.length > 0 && (
        <Message tone="warn" title={job.warnings.length === 1 ? undefined : "What to know about it"}>
          <ul className="grid gap-1">{job.warnings.map((code) => <li key={code}>{warningText(code)}</li>)}</ul>
        </Message>
      )}
    </>
  );
}

function Failure({ error, kind }: { error: NonNullable<Job["error"]>; kind: Job["kind"] }) {
  const { sentence, remedy, page } = explainCode(error.code, error.title);
  const detail = error.detail === null || kind === "decrypt" ? "" : `${error.detail.charAt(0).toUpperCase()}${error.detail.slice(1)}. `;
  return (
    <Message tone="bad" title={sentence} link={page ? { to: page, text: "Reasons and remedies" } : undefined}>
      {detail}{remedy}
    </Message>
  );
}
