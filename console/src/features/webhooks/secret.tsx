import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import { copy } from "@/ui/copy.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { Message } from "@/ui/message.tsx";

/** The secret of an endpoint, in this dialog and never again. Only its button closes it. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const actions = (
    <>
      <Button icon={copied ? Check : Copy} kind={copied ? "outline" : "ink"} onClick={() => void copy(secret).then(setCopied)}>{copied ? "Copied" : "Copy"}</Button>
      <Button kind={copied ? "ink" : "outline"} onClick={onClose}>I have stored it</Button>
    </>
  );
  return (
    <Dialog open title="The secret of this endpoint" actions={actions}>
      <p>Your server verifies each message with it. Store it where your server reads its secrets.</p>
      <p className="my-3 rounded-control bg-raised px-3 py-2.5 font-mono text-dense break-all text-ink select-all">{secret}</p>
      <Message tone="warn" title="It is shown only now.">A lost secret is replaced: the endpoint’s menu makes a new one.</Message>
      <p role="status" className="sr-only">{copied && "Copied"}</p>
    </Dialog>
  );
}
