import { day } from "@/lib/format.ts";
import { present } from "@/lib/clock.ts";
import { Select } from "@/ui/input.tsx";

const CHOICES = [
  { days: 0, text: "At once" },
  { days: 7, text: "In 7 days" },
  { days: 14, text: "In 14 days" },
  { days: 30, text: "In 30 days" },
];

export const DEFAULT_GRACE = 14;

/** When an account is erased: the days in which that can be canceled. */
export function GraceChoice({ days, onChange }: { days: number; onChange: (days: number) => void }) {
  const hint = days === 0 ? "Nothing brings it back." : `Until ${day(new Date(present().getTime() + days * 86_400_000))} you can cancel it, and all is as before.`;
  return (
    <Select label="Erase it" hint={hint} value={days} onChange={(event) => { onChange(Number(event.target.value)); }}>
      {CHOICES.map((choice) => <option key={choice.days} value={choice.days}>{choice.text}</option>)}
    </Select>
  );
}
