import type { ApiKeyWithSecret } from "@imageshield/client";
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import { Segmented, type Segment } from "@/ui/choice.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { copy } from "@/ui/copy.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { Message } from "@/ui/message.tsx";

type Use = "curl" | "cli";
const USES: Segment<Use>[] = [{ value: "curl", name: "curl" }, { value: "cli", name: "imageshield" }];

/** The key in this dialog and never again. Only its button closes it. */
export function SecretDialog({ made, onClose }: { made: ApiKeyWithSecret; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const actions = (
    <>
      <Button icon={copied ? Check : Copy} kind={copied ? "outline" : "ink"} onClick={() => void copy(made.secret).then(setCopied)}>{copied ? "Copied" : "Copy the key"}</Button>
      <Button kind={copied ? "ink" : "outline"} onClick={onClose}>I have stored it</Button>
    </>
  );
  return (
    <Dialog open title={`The key “${made.name}”`} actions={actions}>
      <p>Store it where your program reads its secrets.</p>
      <p aria-label="API key" className="my-3 rounded-control bg-raised px-3 py-2.5 font-mono text-dense break-all text-ink select-all">{made.secret}</p>
      <Message tone="warn" title="It is shown only now.">A lost key is replaced: its menu rotates it.</Message>
      <FirstUse />
      <p role="status" className="sr-only">{copied && "Copied"}</p>
    </Dialog>
  );
}

/** How to use it, without writing it into the history of a shell. */
function FirstUse() {
  const [use, setUse] = useState<Use>("curl");
  const lines = linesOf(use, location.origin);
  return (
    <div className="mt-4 grid grid-cols-[minmax(0,1fr)] gap-2 text-ink">
      <div className="flex items-center justify-between gap-3">
        <Segmented legend="A first use with" segments={USES} value={use} onChange={setUse} />
        <Button size="small" kind="ghost" icon={Copy} onClick={() => void copy(lines.join("\n"))}>Copy</Button>
      </div>
      <CodeBlock label="A first use of the key" lines={lines} className="min-w-0 overflow-x-auto [overflow-wrap:anywhere]" />
    </div>
  );
}

const READ = ["# paste the key, then press Enter", "read -rs IMAGESHIELD_API_KEY"];

export const linesOf = (use: Use, origin: string): string[] =>
  use === "curl"
    ? [...READ, `curl ${origin}/api/v1/auth/keys/current -H "X-API-Key: $IMAGESHIELD_API_KEY"`]
    : [...READ, `printf %s "$IMAGESHIELD_API_KEY" | imageshield login --server ${origin} --api-key-file -`];
