import { Binary, ChevronRight, Scan, Shield, ChartArea, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import { lockFaults, type Choices } from "@/lib/choices.ts";
import type { Subject } from "@/lib/costs.ts";
import { useIsSimulated } from "@/lib/measured.ts";
import { usePhone } from "@/lib/hooks.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { Checkbox, Switch } from "@/ui/choice.tsx";
import { Sheet } from "@/ui/dialog.tsx";
import { CUSTODIES, CustodyChoice } from "@/ui/encryption/custody-choice.tsx";
import { LayoutChoice } from "@/ui/encryption/layout-choice.tsx";
import { PURITY_NAMES, PURITY_TEXTS, PurityChoice } from "@/ui/encryption/purity-choice.tsx";

interface Props {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  subject?: Subject | undefined;
  /** Why the layout cannot be used for this picture. */
  layoutFault?: string | null | undefined;
  /** Whether to say what is wrong with the lock: after the first try. */
  tried: boolean;
  /** The button. */
  children?: ReactNode;
}

/** How to encrypt: the source of the seed, what comes back, who can open it, whether to measure. On phones each is a row that opens a sheet. */
export function EncryptionOptions(props: Props) {
  return usePhone() ? <Rows {...props} /> : <Panel {...props} />;
}

function Panel({ choices, onChange, subject, layoutFault, tried, children }: Props) {
  return (
    <Card aria-label="Options">
      <CardPart>
        <div className="mb-3 flex items-center justify-between gap-3">
          <h2 className="text-card">Source of the seed</h2>
          <SourceBadge />
        </div>
        <PurityChoice choices={choices} subject={subject} onChange={(purity) => { onChange({ purity }); }} />
      </CardPart>
      <CardPart tight><LayoutChoice choices={choices} subject={subject} fault={layoutFault} onChange={(layout) => { onChange({ layout }); }} /></CardPart>
      <CardPart>
        <h2 className="mb-2 text-card">Who can open it</h2>
        <CustodyChoice choices={choices} onChange={onChange} faults={tried ? lockFaults(choices) : {}} />
      </CardPart>
      <CardPart tight><Checkbox label="Measure the result" checked={choices.analyze} onChange={(analyze) => { onChange({ analyze }); }} /></CardPart>
      {children && <CardPart tight className="py-4">{children}</CardPart>}
    </Card>
  );
}

function SourceBadge() {
  return useIsSimulated() ? <Badge icon={Binary}>Simulator, credited 0 bits</Badge> : null;
}

type Row = "purity" | "layout" | "custody";
const LAYOUT_NAMES = { auto: "Auto layout", pixels: "Every pixel comes back", file: "The file comes back" };
const LAYOUT_NOTES = { auto: "A JPEG comes back byte for byte", pixels: "In a lossless file", file: "Byte for byte" };

function Rows({ choices, onChange, subject, layoutFault, tried, children }: Props) {
  const [open, setOpen] = useState<Row | null>(null);
  const close = () => { setOpen(null); };
  const simulated = useIsSimulated();
  const faults = lockFaults(choices);
  const faulty = tried && Object.keys(faults).length > 0;
  return (
    <>
      <Card aria-label="Options">
        <OptionRow icon={Binary} name={`${PURITY_NAMES[choices.purity]} seed`} note={`${PURITY_TEXTS[choices.purity]}${simulated ? " Simulator, credited 0 bits" : ""}`} onOpen={() => { setOpen("purity"); }} />
        <OptionRow icon={Scan} name={LAYOUT_NAMES[choices.layout]} note={layoutFault ?? LAYOUT_NOTES[choices.layout]} bad={Boolean(layoutFault)} onOpen={() => { setOpen("layout"); }} />
        <OptionRow icon={Shield} name={CUSTODIES[choices.custody].name} note={faulty ? (faults.password ?? faults.again ?? faults.recipients) : CUSTODIES[choices.custody].text} bad={faulty} onOpen={() => { setOpen("custody"); }} />
        <div className="flex min-h-15 items-center justify-between gap-3 border-t border-line px-4">
          <span className="flex items-center gap-3.5 font-medium"><ChartArea aria-hidden className="size-4" strokeWidth={1.75} />Measure the result</span>
          <Switch aria-label="Measure the result" checked={choices.analyze} onChange={(analyze) => { onChange({ analyze }); }} />
        </div>
      </Card>
      {children}
      <Sheet open={open === "purity"} onClose={close} title="Source of the seed" from="below">
        <PurityChoice choices={choices} subject={subject} onChange={(purity) => { onChange({ purity }); }} />
      </Sheet>
      <Sheet open={open === "layout"} onClose={close} title="What comes back" from="below">
        <LayoutChoice choices={choices} subject={subject} fault={layoutFault} onChange={(layout) => { onChange({ layout }); }} />
      </Sheet>
      <Sheet open={open === "custody"} onClose={close} title="Who can open it" from="below">
        <CustodyChoice choices={choices} onChange={onChange} faults={tried ? faults : {}} />
      </Sheet>
    </>
  );
}

/** A row of 60 that opens a sheet. */
function OptionRow({ icon: Icon, name, note, bad, onOpen }: { icon: LucideIcon; name: string; note: ReactNode; bad?: boolean; onOpen: () => void }) {
  return (
    <button type="button" onClick={onOpen} className="flex min-h-15 w-full items-center gap-3.5 border-line px-4 py-2 text-left not-first:border-t">
      <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{name}</span>
        <span className={bad ? "block text-dense text-bad" : "block text-dense text-muted"}>{note}</span>
      </span>
      <ChevronRight aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
    </button>
  );
}
