import type { Sent } from "@imageshield/client";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { bytes, percent } from "@/lib/format.ts";
import { useOnline } from "@/lib/hooks.ts";
import { explain } from "@/lib/problems.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Countdown } from "@/ui/time.tsx";

interface Props {
  sent: Sent | null;
  error: unknown;
  onAgain: () => void;
  onStop: () => void;
}

/** An upload, and what to do if it fails: nothing has to be chosen again. */
export function Uploading({ sent, error, onAgain, onStop }: Props) {
  if (error !== null) return <Failed {...{ error, onAgain, onStop }} />;
  const share = sent && sent.total > 0 ? sent.sent / sent.total : 0;
  return (
    <Card aria-label="Upload">
      <CardPart>
        <p role="status" className="font-medium">{share < 1 ? "Sending" : "Arrived, being checked"}</p>
        <p className="numeric mt-0.5 mb-3 text-dense text-muted">{sent ? `${bytes(sent.sent)} of ${bytes(sent.total)}` : "Connecting"}{share < 1 && ". Keep this page open until it has arrived."}</p>
        <Progress share={share} label="Sent" titled note={percent(share)} />
        <div className="mt-4"><Button icon={X} onClick={onStop}>Stop</Button></div>
      </CardPart>
    </Card>
  );
}

function Failed({ error, onAgain, onStop }: Omit<Props, "sent">) {
  const online = useOnline();
  const { retryAfter } = explain(error);
  const wasOffline = useRef(!online);
  useEffect(() => {
    if (online && wasOffline.current) onAgain();
    wasOffline.current = !online;
  }, [online, onAgain]);
  const actions = (
    <>
      <Button kind="outline" onClick={onAgain}>Try again</Button>
      <Button kind="outline" onClick={onStop}>Change something</Button>
    </>
  );
  return (
    <div ref={intoView} className="scroll-my-4">
      {online ? <ProblemMessage error={error} action={actions} /> : <Message tone="warn" title="This computer is offline." action={actions}>What you chose is kept. It is sent as soon as the network is back.</Message>}
      {retryAfter !== undefined && <span className="sr-only"><Countdown seconds={retryAfter} onEnd={onAgain} /></span>}
    </div>
  );
}

/** The button that was pressed may be at the end of the window; what has come of it stands there, and is longer. */
function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
