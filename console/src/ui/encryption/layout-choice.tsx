import type { Layout } from "@imageshield/client/format";
import type { Choices } from "@/lib/choices.ts";
import { sizeOf, type Subject } from "@/lib/costs.ts";
import { bytes } from "@/lib/format.ts";
import { Segmented, type Segment } from "@/ui/choice.tsx";
import { FieldError } from "@/ui/field.tsx";

interface Props {
  choices: Choices;
  onChange: (layout: Layout | "auto") => void;
  subject?: Subject | undefined;
  fault?: string | null | undefined;
}

const SEGMENTS: Segment<Layout | "auto">[] = [
  { value: "auto", name: "Auto" },
  { value: "pixels", name: "Pixels" },
  { value: "file", name: "File" },
];
const TEXTS: Record<Layout | "auto", string> = {
  auto: "Lossless pictures keep their pixels. A JPEG is kept as its file, byte for byte.",
  pixels: "Every pixel comes back, in a lossless file. The encrypted picture has the same width and height.",
  file: "The identical file comes back, byte for byte. The encrypted picture is a square of noise.",
};

/** What comes back, with the size of what goes out. */
export function LayoutChoice({ choices, onChange, subject, fault }: Props) {
  return (
    <>
      <div className="mb-2 flex items-center justify-between gap-3">
        <h3 className="text-card">What comes back</h3>
        <Segmented legend="What comes back" segments={SEGMENTS} value={choices.layout} onChange={onChange} />
      </div>
      <p className="text-caption text-muted">{TEXTS[choices.layout]} {subject && <Estimate layout={choices.layout} subject={subject} />}</p>
      {fault && <FieldError>{fault}</FieldError>}
    </>
  );
}

function Estimate({ layout, subject }: { layout: Layout | "auto"; subject: Subject }) {
  const size = sizeOf(layout, subject);
  if (size === null) return null;
  const times = size / subject.bytes;
  return <span className="numeric text-ink">About {bytes(size)}, {times.toFixed(1)}× the size.</span>;
}
