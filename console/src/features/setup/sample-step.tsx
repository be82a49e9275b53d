import { Lock } from "lucide-react";
import { useId, useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { cx } from "@/lib/cx.ts";
import { dimensions } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { Chooser } from "@/ui/file-drop.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { fileOf, SAMPLES, type Sample } from "@/assets/samples.ts";
import { Step } from "./step.tsx";

const TITLE = "Encrypt a sample";
const TEXT = "Go through it once: picture, noise, evidence.";

type Accepted = (id: string, file: File) => void;

export const SampleWaiting = () => <Step number={2} state="waiting" title={TITLE} note={TEXT} />;

export const SampleStep = ({ onAccepted }: { onAccepted: Accepted }) => (
  <Step number={2} state="open" title={TITLE} note={TEXT}>
    <Samples onAccepted={onAccepted} />
  </Step>
);

function Samples({ onAccepted }: { onAccepted: Accepted }) {
  const [chosen, setChosen] = useState<Sample>(SAMPLES[0]);
  const { run, busy, error } = useAction(async (load: () => Promise<File>) => {
    const file = await load();
    onAccepted((await client.encrypt(file, { analyze: true }).accepted).job_id, file);
  });
  return (
    <div className="grid gap-4">
      {error !== null && <ProblemMessage error={error} />}
      <fieldset className="grid grid-cols-3 gap-3">
        <legend className="sr-only">Sample</legend>
        {SAMPLES.map((sample) => <SampleCard key={sample.name} sample={sample} chosen={sample === chosen} onChoose={() => { setChosen(sample); }} />)}
      </fieldset>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-dense text-muted">You can delete it afterwards.</p>
        <div className="flex flex-wrap gap-2 max-md:w-full max-md:flex-col-reverse max-md:[&_label]:w-full max-md:[&>span]:flex">
          <Chooser label="Your own picture" accept="image/*" onFiles={(files) => { run(() => Promise.resolve(files[0])); }}>Use my own picture</Chooser>
          <Button kind="iris" icon={Lock} busy={busy} busyLabel="Sending…" onClick={() => { run(() => fileOf(chosen)); }}>Encrypt “{chosen.name}”</Button>
        </div>
      </div>
    </div>
  );
}

function SampleCard({ sample, chosen, onChoose }: { sample: Sample; chosen: boolean; onChoose: () => void }) {
  const id = useId();
  return (
    <div className="relative min-w-0">
      <input type="radio" name="sample" id={id} checked={chosen} onChange={onChoose} className="peer absolute size-px opacity-0" />
      <label htmlFor={id} className="block rounded-card peer-focus-visible:outline-2 peer-focus-visible:outline-offset-4 peer-focus-visible:outline-iris">
        <img src={sample.src} alt={sample.alt} width={sample.width} height={sample.height} className={cx("block aspect-[3/2] h-auto w-full rounded-picture border-2 border-amber object-cover object-[50%_10%]", chosen && "outline-2 outline-offset-2 outline-ink")} />
        <span className="mt-2.5 block text-dense font-medium">{sample.name}</span>
        <span className="numeric block text-caption text-muted">{dimensions(sample.width, sample.height)} PNG</span>
      </label>
    </div>
  );
}
