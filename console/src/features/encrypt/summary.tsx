import { useState, type ReactNode } from "react";
import { lockFaults, type Choices } from "@/lib/choices.ts";
import { useWaits } from "@/lib/measured.ts";
import { duration } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardPart, KeyValues } from "@/ui/card.tsx";
import { EncryptionOptions } from "@/ui/encryption/options.tsx";
import { PURITY_NAMES } from "@/ui/encryption/purity-choice.tsx";

const OPENS = { managed: "This service, for you", passphrase: "The key file with a password", recipient: "The owners of public keys" };

/** How parts are encrypted, in four lines; the options behind them open on demand, or when one of them is wrong. */
export function Summary({ choices, onChoices, tried, children }: { choices: Choices; onChoices: (change: Partial<Choices>) => void; tried: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const wait = useWaits()[choices.purity];
  if (open || (tried && Object.keys(lockFaults(choices)).length > 0)) return <EncryptionOptions {...{ choices, tried }} onChange={onChoices}>{children}</EncryptionOptions>;
  const items = [
    { name: "Seed", value: <span className="flex justify-between gap-3">{PURITY_NAMES[choices.purity]}{wait !== undefined && <span className="numeric text-muted">{duration(wait)}</span>}</span> },
    { name: "Comes back", value: "The whole picture, every pixel" },
    { name: "Who can open it", value: OPENS[choices.custody] },
    { name: "Measured", value: choices.analyze ? "Yes, without a letter: parts have none" : "No" },
  ];
  return (
    <Card aria-label="Options">
      <CardPart tight>
        <KeyValues items={items} nameWidth="7.5rem" />
        <Button size="small" className="mt-1 -ml-2.5" kind="ghost" onClick={() => { setOpen(true); }}>Change the options</Button>
      </CardPart>
      <CardPart tight className="py-4">{children}</CardPart>
    </Card>
  );
}
