import { Download, ImagePlus, Lock, LockOpen, Monitor, Moon, Sun, Trash2 } from "lucide-react";
import { useState } from "react";
import { Sample } from "@/features/components/look.tsx";
import { Button, IconButton } from "@/ui/button.tsx";
import { Checkbox, Radio, RadioCards, Segmented, Switch } from "@/ui/choice.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { FileDrop } from "@/ui/file-drop.tsx";
import { Input, PasswordInput, Select, TextArea } from "@/ui/input.tsx";
import { Progress } from "@/ui/progress.tsx";

export const Buttons = () => (
  <Sample title="Buttons">
    <div className="flex flex-wrap gap-2">
      <Button kind="iris" icon={Lock} shortcut="N">Encrypt</Button>
      <Button kind="amber" icon={LockOpen}>Decrypt</Button>
      <Button kind="ink">Save</Button>
      <Button>Cancel</Button>
      <Button kind="ghost">Skip</Button>
      <Button kind="danger" icon={Trash2}>Delete</Button>
      <Button size="small" icon={Download}>Small</Button>
      <Button reason="Choose a picture first" icon={Lock} kind="iris">Encrypt</Button>
      <Button disabled>Not yet</Button>
      <Button kind="iris" busy busyLabel="Encrypting…">Encrypt</Button>
      <Button kind="ink" size="large">Large</Button>
      <IconButton icon={Trash2} label="Delete" bordered />
    </div>
    <p className="mt-3 text-caption text-muted">Iris makes an encrypted picture, amber gives yours back, ink does everything else. One filled button a view.</p>
  </Sample>
);

export function Inputs() {
  const [on, setOn] = useState(true);
  const [purity, setPurity] = useState("balanced");
  const [theme, setTheme] = useState("system");
  return (
    <Sample title="Inputs">
      <div className="grid gap-4 md:grid-cols-2">
        <Input label="Name" defaultValue="clinic-import" />
        <PasswordInput label="Password" note="of the key file" defaultValue="password" />
        <Input label="Webhook address" defaultValue="http://10.0.0.4/hook" error="Needs https and a public address." />
        <Select label="Ends" hint="Then it must be made again."><option>in 90 days</option><option>never</option></Select>
        <TextArea label="Recipients" className="md:col-span-2" placeholder="One public key a line" />
      </div>
      <div className="mt-4 flex flex-wrap items-center gap-5">
        <Checkbox label="Checked" checked={on} onChange={setOn} />
        <Checkbox label="Not" checked={!on} onChange={(next) => { setOn(!next); }} />
        <Checkbox label="Some" checked={false} some onChange={setOn} />
        <Radio label="Balanced" name="r" defaultChecked />
        <Switch label="On" checked={on} onChange={setOn} />
        <Switch label="Off" checked={!on} onChange={(next) => { setOn(!next); }} />
      </div>
      <div className="mt-4 grid gap-4">
        <RadioCards legend="Purity" value={purity} onChange={setPurity} options={[
          { value: "fast", name: "Fast", text: "Measured bits that are already waiting.", cost: "2.6 s" },
          { value: "balanced", name: "Balanced", text: "New circuits for this picture.", cost: "2.9 s" },
          { value: "maximum", name: "Maximum", reason: "For pictures up to 4 MB.", cost: "39 s, +97 MB" },
        ]} />
        <Segmented legend="Theme" value={theme} onChange={setTheme} segments={[{ value: "light", name: "Light", icon: Sun }, { value: "dark", name: "Dark", icon: Moon }, { value: "system", name: "System", icon: Monitor }]} />
        <FileDrop compact label="Pictures" title="Drop a picture here" hint="Several at once become a batch." limits="PNG, JPEG, BMP, TIFF, WebP · up to 50 MB and 25 megapixels" icon={ImagePlus} tone="amber" multiple folder paste onFiles={() => undefined} />
      </div>
    </Sample>
  );
}

export const Bars = () => (
  <Sample title="Progress">
    <div className="grid gap-4">
      <Progress picture titled label="Encrypting" share={0.62} note="62 %, about 4 s left" />
      <Progress titled label="Rewrapping keys" share={0.475} note="623 of 1,311" />
    </div>
  </Sample>
);

export const Skeletons = () => <Sample title="Skeleton"><div className="-mx-5"><SkeletonRows rows={3} /></div></Sample>;
