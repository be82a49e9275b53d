import { Eye, Trash2 } from "lucide-react";
import { useState, type Dispatch } from "react";
import { MOST_PARTS, type Drawing, type Part, type Step } from "@/features/encrypt/regions/drawing.ts";
import { areaOf, fit, pixelsIn, type Size } from "@/features/encrypt/regions/geometry.ts";
import { cx } from "@/lib/cx.ts";
import { count, dimensions, percent } from "@/lib/format.ts";
import { IconButton } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Progress } from "@/ui/progress.tsx";

interface Props {
  size: Size;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
}

/** The parts with their numbers, and how much of the picture they are. */
export function PartList({ size, drawing, dispatch }: Props) {
  const pixels = pixelsIn(drawing.parts);
  const all = size.width * size.height;
  return (
    <Card aria-label="Parts to encrypt">
      <CardHead lined title="Parts to encrypt" aside={<span className="numeric text-caption text-muted">{drawing.parts.length} of at most {MOST_PARTS}</span>} />
      {drawing.parts.length === 0 && <p className="px-5 py-4 text-dense text-muted">Draw a box over what nobody shall see.</p>}
      <ol className="p-2 empty:hidden">
        {drawing.parts.map((part, index) => <Row key={part.id} part={part} number={index + 1} size={size} selected={part.id === drawing.selected} dispatch={dispatch} />)}
      </ol>
      <CardPart tight className="py-3.5">
        <Progress titled picture share={pixels / all} label={`${percent(pixels / all, 1)} of the picture`} note={<span className="font-normal text-muted">{count(pixels)} of {count(all)} pixels</span>} />
      </CardPart>
    </Card>
  );
}

function Row({ part, number, size, selected, dispatch }: { part: Part; number: number; size: Size; selected: boolean; dispatch: Dispatch<Step> }) {
  const select = () => { if (!selected) dispatch({ type: "select", id: part.id }); };
  return (
    <li className={cx("rounded-control px-3 py-1.5", selected && "bg-iris-tint")}>
      <div className="flex items-center gap-3">
        <span aria-hidden className={cx("numeric flex size-6 shrink-0 items-center justify-center rounded-chip text-caption font-semibold", selected ? "bg-iris text-on-fill" : "bg-iris-tint text-iris")}>{number}</span>
        <button type="button" aria-pressed={selected} onClick={select} className="numeric min-w-0 flex-1 text-left max-md:min-h-11">
          <span className="sr-only">Part {number}: </span>
          <span className="block font-medium">{dimensions(part.width, part.height)}</span>
          <span className="block text-caption text-muted">x {part.x}, y {part.y}</span>
        </button>
        <span className={cx("numeric text-dense whitespace-nowrap", selected ? "text-ink" : "text-muted")}>{count(areaOf(part))} px</span>
        <IconButton icon={Trash2} label={`Remove part ${number}`} onClick={() => { dispatch({ type: "remove", id: part.id }); }} />
      </div>
      {selected && <Numbers part={part} number={number} size={size} dispatch={dispatch} />}
    </li>
  );
}

const FIELDS = [["x", "x"], ["y", "y"], ["width", "Width"], ["height", "Height"]] as const;

/** The same in numbers, for exact places and for those who do not draw. */
function Numbers({ part, number, size, dispatch }: { part: Part; number: number; size: Size; dispatch: Dispatch<Step> }) {
  return (
    <div className="mt-1.5 mb-1 grid grid-cols-4 gap-2">
      {FIELDS.map(([field, name]) => (
        <NumberField key={field} name={name} label={`${name} of part ${number}`} value={part[field]} onChange={(value) => { dispatch({ type: "change", id: part.id, region: fit({ ...part, [field]: value }, size), gesture: `type ${field}` }); }} />
      ))}
    </div>
  );
}

/** Taken over when it is left, or with Enter: half a number would move the box. */
function NumberField({ name, label, value, onChange }: { name: string; label: string; value: number; onChange: (value: number) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const take = () => {
    if (draft !== null && /^\d{1,9}$/.test(draft)) onChange(Number(draft));
    setDraft(null);
  };
  return (
    <label className="text-caption text-muted">
      {name}
      <input inputMode="numeric" aria-label={label} value={draft ?? String(value)} onChange={(event) => { setDraft(event.target.value); }} onBlur={take} onKeyDown={(event) => { if (event.key === "Enter") take(); }} className="numeric block h-8 w-full min-w-0 rounded-chip border border-control bg-surface px-2 text-dense text-ink max-md:h-11" />
    </label>
  );
}

/** What encryption in parts does not hide. */
export const WhatStaysVisible = () => (
  <section className="flex gap-3 rounded-card border border-line bg-raised px-4 py-3.5 text-dense">
    <Eye aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} />
    <div>
      <h2 className="font-semibold">What stays visible</h2>
      <p className="text-muted">Everything outside the boxes, and their size and place. If somebody knows the picture, that may be enough to guess.</p>
    </div>
  </section>
);
