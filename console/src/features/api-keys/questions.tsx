import type { ApiKey, ApiKeyWithSecret } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { Confirm } from "@/ui/confirm.tsx";
import { Select } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";

interface Props {
  apiKey: ApiKey;
  onClose: () => void;
}

const GRACES = [
  { hours: "0", name: "ends at once" },
  { hours: "1", name: "is valid for an hour more" },
  { hours: "24", name: "is valid for a day more" },
  { hours: "168", name: "is valid for 7 days more" },
];

export function RotateQuestion({ apiKey, onClose, onMade }: Props & { onMade: (made: ApiKeyWithSecret) => void }) {
  const [hours, setHours] = useState("24");
  const { busy, error, run } = useAction(async () => { onMade(await client.apiKeys.rotate(apiKey.id, Number(hours))); });
  return (
    <Confirm open onClose={onClose} title={`Rotate “${apiKey.name}”?`} keep="Keep the old one" act="Make a new one" kind="ink" busy={busy} onAct={run}>
      A new key with the same name and rights replaces it, and lasts as long as the old one was made for.
      <Select className="mt-4 text-ink" label="The old key" value={hours} onChange={(event) => { setHours(event.target.value); }} hint={hours === "0" ? "Right for a key that has leaked." : "Time to change your programs over one by one."}>
        {GRACES.map((grace) => <option key={grace.hours} value={grace.hours}>{grace.name}</option>)}
      </Select>
      {error !== null && <ProblemMessage error={error} className="mt-3" />}
    </Confirm>
  );
}

export function RevokeQuestion({ apiKey, onClose, onRevoked }: Props & { onRevoked: () => void }) {
  const { busy, error, run } = useAction(async () => {
    await client.apiKeys.revoke(apiKey.id);
    onRevoked();
  });
  return (
    <Confirm open onClose={onClose} title={`Revoke “${apiKey.name}”?`} keep="Keep it" act="Revoke the key" busy={busy} onAct={run}>
      The service refuses it within a second, and closes what it has open. {apiKey.last_used_at === null ? "It was never used." : <>It was last used <Time at={apiKey.last_used_at} />.</>} A revoked key does not come back.
      {error !== null && <ProblemMessage error={error} className="mt-3" />}
    </Confirm>
  );
}
