import type { AuditFinding, AuditVerdict } from "@imageshield/client";
import type { Chain } from "@/features/audit/entries.ts";
import { useAccount } from "@/lib/account.ts";
import { absolute, count, plural, shortId } from "@/lib/format.ts";
import { Message } from "@/ui/message.tsx";

const SHOWN = 10;

const FINDINGS: Record<AuditFinding["kind"], string> = {
  malformed: "is no line of an export, or not in its place",
  foreign: "belongs to another log",
  edit: "is not what was sealed",
  delete: "is missing",
  reorder: "is not in its place, or comes twice",
  truncate: "and all that follow are missing",
  "bad-signature": "has a checkpoint that its signer did not sign",
  "bad-proof": "has a checkpoint that does not cover it",
  "unknown-signer": "has a checkpoint of a key that this service does not know",
};

/** What a check has found: first whether anything was changed, and where. */
export function Verdict({ chain, file, verdict }: { chain: Chain; file: string | null; verdict: AuditVerdict }) {
  const whose = useWhose(chain, verdict.account_id);
  const { outcome, first, findings, found } = verdict;
  if (outcome === "verified") return <Message tone="ok" title={`Unchanged: ${rowsOf(verdict)} of ${whose}`}><Facts file={file} verdict={verdict} /></Message>;
  if (outcome === "unknown") return <Message tone="warn" title={`No signature that this service knows covers ${whose}`}>{first ? `${sentenceOf(first)} ` : "The next checkpoint signs it, within a minute. "}<Facts file={file} verdict={verdict} /></Message>;
  return (
    <Message tone="bad" title={first ? `Changed: ${sentenceOf(first)}` : "Changed"}>
      {findings.length > 1 && <ul className="my-1 list-disc pl-4">{findings.slice(0, SHOWN).map((finding, index) => <li key={index}>{sentenceOf(finding)}</li>)}</ul>}
      {found > SHOWN && <p>And {count(found - SHOWN)} more.</p>}
      <p>What was read: {rowsOf(verdict)} of {whose}. Compare with an export that somebody else has kept.</p>
      <Facts file={file} verdict={verdict} />
    </Message>
  );
}

const rowsOf = ({ rows }: AuditVerdict): string => (rows > 1 ? `rows 1 to ${count(rows)}` : plural(rows, "row"));

const sentenceOf = ({ kind, seq, last }: AuditFinding): string => (last === null || last === seq ? `row ${count(seq)} ${FINDINGS[kind]}.` : `one of the rows ${count(seq)} to ${count(last)} ${FINDINGS[kind]}.`);

function Facts({ file, verdict }: { file: string | null; verdict: AuditVerdict }) {
  const { covered, covered_until, uncovered, checkpoints, signers, restored } = verdict;
  return (
    <>
      {covered > 0 && covered_until !== null && <p>Signed up to row {count(covered)}, {absolute(new Date(covered_until))}, by {plural(checkpoints, "checkpoint")} of the {signers.length === 1 ? "key" : "keys"} {signers.map((signer, index) => <span key={signer}>{index > 0 && ", "}<span className="font-mono text-[13px] whitespace-nowrap">{shortId(signer)}</span></span>)}.</p>}
      {uncovered > 0 && <p>{uncovered === 1 ? "The last row waits" : `The last ${count(uncovered)} rows wait`} for the next checkpoint.</p>}
      {restored.length > 0 && <p>An older database was restored before row {restored.map(count).join(", ")}.</p>}
      <p className="break-words">{file === null ? "Read from the database of this service." : <>Read from the file <bdi>{file}</bdi>.</>}</p>
    </>
  );
}

/** The log that a verdict is about, and whether it is another one than the page shows. */
function useWhose(chain: Chain, id: string | null): string {
  const account = useAccount();
  if (id === null) return chain === "system" ? "this installation's log" : "the installation's log, not this account's";
  if (id === account?.account_id) return chain === "account" ? "this account's log" : "the account's log, not the installation's";
  return `the log of another account, ${shortId(id)}`;
}
