import type { Purity } from "@imageshield/client/format";
import { materialOf, type Subject } from "@/lib/costs.ts";
import { useWaits } from "@/lib/measured.ts";
import type { Choices } from "@/lib/choices.ts";
import { bytes, duration } from "@/lib/format.ts";
import { RadioCards, type Option } from "@/ui/choice.tsx";

interface Props {
  choices: Choices;
  onChange: (purity: Purity) => void;
  /** The picture that is encrypted, where it is one. */
  subject?: Subject | undefined;
}

export const PURITY_NAMES: Record<Purity, string> = { fast: "Fast", balanced: "Balanced", multistage: "Multistage", maximum: "Maximum" };
export const PURITY_TEXTS: Record<Purity, string> = {
  fast: "Measured bits that are already waiting.",
  balanced: "New circuits for this picture.",
  multistage: "A new seed for every MiB.",
  maximum: "A measured bit for every keystream bit.",
};
const PURITIES: Purity[] = ["fast", "balanced", "multistage", "maximum"];

/** Where the seed comes from, with the wait that was measured here. */
export function PurityChoice({ choices, onChange, subject }: Props) {
  const waits = useWaits();
  const material = subject ? materialOf(choices.layout, subject) : null;
  const costOf = (purity: Purity): string => [
    ...(waits[purity] === undefined ? [] : [duration(waits[purity])]),
    ...(purity === "maximum" && material !== null ? [`+${bytes(material)}`] : []),
  ].join(", ");
  const options: Option<Purity>[] = PURITIES.map((value) => ({ value, name: PURITY_NAMES[value], text: PURITY_TEXTS[value], cost: costOf(value) }));
  return (
    <>
      <RadioCards legend="Source of the seed" options={options} value={choices.purity} onChange={onChange} />
      <p className="mt-2.5 text-caption text-muted">
        Strength is 256 bits in all four. {Object.keys(waits).length > 0 ? "Times: median of your last encryptions on this server." : "Times appear here once something was measured."}
      </p>
    </>
  );
}
