import { Camera, Eye, EyeOff, ImagePlus, Lock, LockOpen, SquareDashed } from "lucide-react";
import { useNavigate } from "@tanstack/react-router";
import { Samples } from "@/features/encrypt/samples.tsx";
import { carry } from "@/lib/carry.ts";
import type { Choices } from "@/lib/choices.ts";
import { usePhone } from "@/lib/hooks.ts";
import type { Look } from "@/lib/intake.ts";
import { Button } from "@/ui/button.tsx";
import { Chooser, FileDrop } from "@/ui/file-drop.tsx";
import { Message } from "@/ui/message.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";
import { EncryptionOptions } from "@/ui/encryption/options.tsx";

interface Props {
  /** A file that is no picture to encrypt. */
  refused: Look | null;
  choices: Choices;
  onChoices: (change: Partial<Choices>) => void;
  onFiles: (files: File[]) => void;
}

/** No picture yet. */
export function Empty({ refused, choices, onChoices, onFiles }: Props) {
  const phone = usePhone();
  const options = (
    <EncryptionOptions choices={choices} onChange={onChoices} tried={false}>
      <Button kind="iris" size="large" wide icon={Lock} reason="Choose a picture first" />
    </EncryptionOptions>
  );
  return (
    <>
      <PageHead title="Encrypt" note="You get a picture of noise, a key file and a signed receipt." />
      <Columns side="options" gap={24} aside={options}>
        {refused && <NoPicture refused={refused} />}
        <FileDrop
          label="Pictures to encrypt" title={phone ? "Choose a picture" : "Drop a picture here"} hint={phone ? undefined : "Several at once become a batch. A folder works too."} icon={ImagePlus} tone="amber"
          multiple paste folder={!phone} onFiles={onFiles} chooseLabel={phone ? "Photos" : "Choose files"}
          actions={phone && <CameraButton onFiles={onFiles} />}
          limits="PNG, JPEG, BMP, TIFF, WebP, HEIC, raw and more · up to 50 MB"
        />
        <Samples onFile={(file) => { onFiles([file]); }} />
        <Notes />
      </Columns>
    </>
  );
}

const CameraButton = ({ onFiles }: { onFiles: (files: File[]) => void }) => <Chooser label="Take a photo" accept="image/*" capture kind="outline" icon={Camera} onFiles={onFiles}>Camera</Chooser>;

/** What the chosen file is instead, and where it belongs. */
function NoPicture({ refused: { file, ...seen } }: { refused: Look }) {
  const navigate = useNavigate();
  const decrypt = () => { carry("decrypt", [file]); void navigate({ to: "/decrypt" }); };
  const action = <Button icon={LockOpen} onClick={decrypt}>Go to Decrypt with it</Button>;
  if (seen.kind === "encrypted") return <Message tone="warn" title="This is an encrypted picture. Decrypt it?" action={action}>{file.name} was encrypted by ImageShield. To encrypt it once more hides nothing more.</Message>;
  if (seen.kind === "key-file") return <Message tone="warn" title="This is a key file, and no picture." action={action}>{file.name} opens an encrypted picture. Choose the picture itself to encrypt one.</Message>;
  if (seen.kind === "refused") return <Message tone="bad" title={`${file.name}: ${seen.why.sentence}`} link={seen.why.page ? { to: seen.why.page, text: "Reasons and remedies" } : undefined}>{seen.why.remedy}</Message>;
  return <Message tone="bad" title={`${file.name} is no picture.`}>It belongs to the decryption of one. Choose a picture to encrypt.</Message>;
}

const NOTES = [
  { icon: EyeOff, title: "The name is encrypted too", text: "Nobody can search for it, and no log holds it." },
  { icon: SquareDashed, title: "Only a part of it?", text: "Choose a picture, then draw the parts to hide." },
  { icon: Eye, title: "What the service sees", text: "The picture, while it encrypts. Then the original is deleted." },
];

const Notes = () => (
  <ul className="grid gap-6 px-1 pt-2 md:grid-cols-3 max-md:hidden">
    {NOTES.map(({ icon: Icon, title, text }) => (
      <li key={title}>
        <p className="flex items-center gap-2 text-dense font-medium"><Icon aria-hidden className="size-4" strokeWidth={1.75} />{title}</p>
        <p className="mt-1 text-caption text-muted">{text}</p>
      </li>
    ))}
  </ul>
);
