import type { FactorOverview } from "@imageshield/client";
import { Check, Copy, Download } from "lucide-react";
import { useState } from "react";
import { factorsChanged } from "@/features/settings/security/data.ts";
import { Row } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client, useMe } from "@/lib/api.ts";
import { plural } from "@/lib/format.ts";
import { saveAs } from "@/lib/save.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { copy } from "@/ui/copy.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

interface Props {
  codes: FactorOverview["recovery_codes"];
  onCodes: (codes: readonly string[]) => void;
}

/** How many recovery codes are left, and new ones. */
export function CodesRow({ codes: { left, low }, onCodes }: Props) {
  const [asking, setAsking] = useState(false);
  const { run, busy, error } = useAction(async () => {
    const { codes } = await client.factors.renewRecoveryCodes();
    setAsking(false);
    onCodes(codes);
    await factorsChanged();
  });
  return (
    <Row
      title={<>Recovery codes {low && <Badge tone="warn">{left === 0 ? "None left" : "Few left"}</Badge>}</>}
      note={`${plural(left, "code")} left. Each stands in for a factor that you have lost, once.`}
      control={<Button size="small" onClick={() => { setAsking(true); }}>Make new codes…</Button>}
    >
      <Confirm open={asking} onClose={() => { setAsking(false); }} title="Make new recovery codes?" keep="Keep the present ones" act="Make new codes" kind="ink" busy={busy} onAct={run}>
        You get ten new ones. Those that you have kept until now end.
        {error !== null && <ProblemMessage error={error} className="mt-3" />}
      </Confirm>
    </Row>
  );
}

/** Recovery codes, which are shown once: only the button closes this. */
export function CodesDialog({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { data: me } = useMe();
  const [copied, setCopied] = useState(false);
  const text = () => `Recovery codes of ${me?.email ?? ""} for ${location.origin}\nEach is good once.\n\n${codes.join("\n")}\n`;
  const save = () => { saveAs(new Blob([text()], { type: "text/plain" }), "recovery-codes.txt"); };
  return (
    <Dialog open title="Your recovery codes" actions={<Button kind="ink" onClick={onDone}>I have kept them</Button>}>
      <p>If you lose your app and your passkeys, each of these signs you in once, together with your password. They are shown now and never again.</p>
      <ul aria-label="Recovery codes" className="my-3 grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-control bg-raised px-4 py-3 font-mono text-dense text-ink max-sm:grid-cols-1">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      <div className="flex flex-wrap gap-2">
        <Button size="small" icon={copied ? Check : Copy} onClick={() => void copy(codes.join("\n")).then(setCopied)}>{copied ? "Copied" : "Copy"}</Button>
        <Button size="small" icon={Download} onClick={save}>Save as text</Button>
      </div>
      <p role="status" className="sr-only">{copied && "Copied"}</p>
    </Dialog>
  );
}
