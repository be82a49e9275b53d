import { Binary, Image, Lock, Trash2 } from "lucide-react";
import { useState } from "react";
import { Sample } from "@/features/components/look.tsx";
import { Badge, EncryptedBadge, Live, StatusBadge, YoursBadge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { Empty } from "@/ui/empty.tsx";
import { Menu } from "@/ui/menu.tsx";
import { Message } from "@/ui/message.tsx";
import { Countdown } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.tsx";
import { Hint } from "@/ui/tooltip.tsx";

export const States = () => (
  <Sample title="States, always icon and word">
    <div className="flex flex-wrap gap-2">
      <StatusBadge status="completed" /><StatusBadge status="processing" progress={62} /><StatusBadge status="pending" /><StatusBadge status="completed" warning="Degraded seed" />
      <StatusBadge status="failed" /><StatusBadge status="cancelled" /><StatusBadge status="completed" gone /><YoursBadge /><EncryptedBadge /><Badge>Simulator</Badge><Badge icon={Binary}>Simulator, credited 0 bits</Badge>
    </div>
    <div className="mt-3.5 flex flex-wrap gap-5"><Live state="live" /><Live state="reconnecting">Reconnecting, asking every 2 s</Live><Live state="offline" /></div>
  </Sample>
);

export const Messages = () => (
  <Sample title="Messages in the page">
    <div className="grid gap-3">
      <Message tone="bad" title="The picture does not open." link={{ to: "/docs/problems/decryption-failed", text: "Reasons and remedies" }} requestId="req_01a22276ae527e78a25afd4dba4c1e88">Wrong key, wrong password, or a changed file: all three give this answer. Check that key and picture belong together, then try again.</Message>
      <Message tone="warn" title="The source did not answer in 2 s.">This seed was made of the system’s bits alone and is as strong. The receipt says “degraded”.</Message>
      <Message>Whoever registers first is the operator. <Countdown seconds={42} /></Message>
      <Message tone="ok" title="The picture is back." action={<Button size="small">Download</Button>} />
    </div>
  </Sample>
);

export function Notices() {
  return (
    <Sample title="What floats">
      <div className="flex flex-wrap items-center gap-2">
        <Button size="small" onClick={() => { toast("Key rotated to v5", { text: "1,311 file keys are being rewrapped." }); }}>Toast</Button>
        <Button size="small" onClick={() => { toast("The job could not be cancelled", { tone: "bad", text: "It had ended 0.2 s before.", action: { text: "Show", onSelect: () => undefined } }); }}>Bad toast</Button>
        <Menu label="More" buttonClassName="link" items={[{ label: "Send again", icon: Lock, onSelect: () => undefined }, { label: "Delete…", icon: Trash2, danger: true, lined: true, onSelect: () => undefined }, { label: "Rotate", reason: "due in 6 days" }]}>Menu</Menu>
        <Hint text="Number of changing pixel rate: the share of samples that differ.">Hint</Hint>
      </div>
    </Sample>
  );
}

export const EmptyState = () => (
  <Card><Empty icon={Image} title="No pictures yet." action={<Button kind="iris" icon={Lock}>Encrypt</Button>}>Encrypt one and it appears here.</Empty></Card>
);

export function Question() {
  const [open, setOpen] = useState(false);
  return (
    <Sample title="Dialog">
      <Button onClick={() => { setOpen(true); }}>Destroy the key…</Button>
      <Confirm open={open} onClose={() => { setOpen(false); }} title="Destroy the key of “portrait.png”?" keep="Keep it" act="Destroy the key" onAct={() => { setOpen(false); }} name="portrait.png">
        The encrypted picture stays, and nobody can ever open it again. Key files that were downloaded still work. Backups forget the key by 5 December.
      </Confirm>
    </Sample>
  );
}
