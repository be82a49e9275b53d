import type { Batch } from "@imageshield/client";
import { Download } from "lucide-react";
import { useState } from "react";
import { client } from "@/lib/api.ts";
import { bytes, day, plural } from "@/lib/format.ts";
import { saveAs } from "@/lib/save.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { Card, CardFoot, CardPart } from "@/ui/card.tsx";
import { Switch } from "@/ui/choice.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

/** All results in one zip, with the key files if somebody wants them there. */
export function ZipCard({ batch }: { batch: Batch }) {
  const [withKeys, setWithKeys] = useState(false);
  const { fetchZip, received, error } = useZip(batch.batch_id);
  if (batch.counts.completed === 0) return null;
  const busy = received !== null;
  return (
    <Card aria-labelledby="zip">
      <CardPart>
        <h2 id="zip" className="text-card">One zip</h2>
        <p className="mt-0.5 text-dense text-muted">{plural(batch.counts.completed, "encrypted picture")} with receipts, and a list of all files.</p>
        <div className="mt-3"><Switch label="With the key files" checked={withKeys} onChange={setWithKeys} /></div>
        {withKeys && <Message tone="warn" className="mt-3" title="Anyone who has this zip can open the pictures.">Key files of keys that the service manages are not encrypted. Those under a password or for recipients leave as they are stored.</Message>}
        {error !== null && <ProblemMessage error={error} className="mt-3" />}
        <Button className="mt-4" kind="ink" wide icon={Download} busy={busy} busyLabel={`Fetching, ${bytes(received ?? 0)}`} onClick={() => void fetchZip(withKeys)}>Download the zip</Button>
        {withKeys && <ButtonAnchor className="mt-2" wide icon={Download} href="/open.html" download="open.html">A page to keep, which opens them</ButtonAnchor>}
      </CardPart>
      {batch.expires_at && <CardFoot className="bg-surface text-caption">Kept until {day(new Date(batch.expires_at))}. The keys stay in the vault after that.</CardFoot>}
    </Card>
  );
}

function useZip(id: string) {
  const [received, setReceived] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const fetchZip = async (key_files: boolean) => {
    setReceived(0);
    setError(null);
    try {
      const { blob, name } = await client.batches.result(id, { key_files, onDownload: (progress) => { setReceived(progress.received); } });
      saveAs(blob, name ?? "batch.zip");
    } catch (failure) {
      setError(failure);
    } finally {
      setReceived(null);
    }
  };
  return { fetchZip, received, error };
}
