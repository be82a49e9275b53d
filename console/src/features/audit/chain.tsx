import type { AuditVerdict } from "@imageshield/client";
import { CheckCheck, Link2 } from "lucide-react";
import { useState } from "react";
import { trailOf, type Chain as Whose } from "@/features/audit/entries.ts";
import { Verdict } from "@/features/audit/verdict.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import type { Words } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { Chooser } from "@/ui/file-drop.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

interface Checked {
  verdict: AuditVerdict;
  /** The name of the export; null for the log as it is stored. */
  file: string | null;
}

const WORDS = new Map<string, Words>([
  ["audit-export-invalid", { sentence: "This is no export of an audit log.", remedy: "Choose a file of JSON lines (.jsonl) that was exported here. A CSV proves nothing and cannot be checked." }],
  ["file-too-large", { sentence: "This export is too large to be checked here.", remedy: "The command line checks any length: imageshield audit verify EXPORT --keys jwks.json" }],
]);

/** The check of the stored chain, or of an export. */
export function Chain({ chain }: { chain: Whose }) {
  const [checked, setChecked] = useState<Checked | null>(null);
  const { run, busy, error } = useAction(async (file: File | null) => {
    setChecked(null);
    setChecked({ file: file?.name ?? null, verdict: file === null ? await trailOf(chain).verify() : await client.audit.verifyExport(file) });
  });
  return (
    <Card aria-label="The chain">
      <CardPart className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <span className="flex size-9 shrink-0 items-center justify-center rounded-picture bg-ok-tint text-ok max-md:hidden"><Link2 aria-hidden className="size-5" strokeWidth={1.75} /></span>
        <div className="min-w-60 flex-1">
          <h2 className="text-card">Each entry is chained to the one before</h2>
          <p className="text-dense text-muted">A checkpoint signs the chain every minute. Keep exports elsewhere: they verify without this service.</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Chooser label="An export to check" accept=".jsonl,application/x-ndjson" onFiles={(files) => { if (!busy) run(files[0] ?? null); }}>Check an export</Chooser>
          <Button icon={CheckCheck} busy={busy} onClick={() => { run(null); }}>Check now</Button>
        </div>
      </CardPart>
      {error !== null && <CardPart tight><ProblemMessage error={error} words={WORDS} /></CardPart>}
      {checked && <CardPart tight><Verdict chain={chain} {...checked} /></CardPart>}
    </Card>
  );
}
