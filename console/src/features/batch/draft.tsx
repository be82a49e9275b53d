import { Images, Lock, Plus } from "lucide-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ChosenList } from "@/features/batch/chosen-list.tsx";
import { Earlier } from "@/features/batch/earlier.tsx";
import { MOST_PICTURES, send, sorted, upload, type Order } from "@/features/batch/submission.ts";
import { unpack } from "@/lib/carry.ts";
import { FIRST_CHOICES, layoutFault, lockFaults, type Choices } from "@/lib/choices.ts";
import { focusFault } from "@/lib/forms.ts";
import { bytes, plural } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { look, type Look } from "@/lib/intake.ts";
import { useUpload, type Sending } from "@/lib/upload.ts";
import { Button } from "@/ui/button.tsx";
import { EncryptionOptions } from "@/ui/encryption/options.tsx";
import { Chooser, FileDrop } from "@/ui/file-drop.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";
import { Uploading } from "@/ui/uploading.tsx";

/** The page before there is a batch. */
export function Draft() {
  const sending = useUpload(upload);
  const phone = usePhone();
  const { looks, checking, add, remove, clear } = useLooks();
  const [choices, setChoices] = useState<Choices>(() => sending?.what.choices ?? FIRST_CHOICES);
  const [tried, setTried] = useState(false);
  const navigate = useNavigate();
  const { pictures, others } = sorted(looks);
  const misfit = pictures.find(({ facts }) => layoutFault(choices, facts, false) !== null);
  const fault = misfit ? `${misfit.file.name}: ${layoutFault(choices, misfit.facts, false) ?? ""}` : null;
  const encrypt = () => {
    setTried(true);
    if (fault !== null || Object.keys(lockFaults(choices)).length > 0) {
      focusFault();
      return;
    }
    send({ files: pictures.map(({ file }) => file), choices }, (batch) => { clear(); void navigate({ to: `/batches/${batch}` }); });
  };
  const reason = checking > 0 ? `Checking ${plural(checking, "file")}` : pictures.length === 0 ? "Choose pictures first" : undefined;
  const button = sending ? <SendingNote sending={sending} /> : <Button kind="iris" size="large" wide icon={Lock} onClick={encrypt} {...(reason !== undefined && { reason })}>Encrypt {plural(pictures.length, "picture")}</Button>;
  return (
    <>
      <PageHead title="Batch" note={looks.length > 0 ? `${plural(pictures.length, "picture")} · ${bytes(pictures.reduce((sum, { file }) => sum + file.size, 0))}` : `Up to ${MOST_PICTURES} pictures at once, under the same options.`} actions={looks.length > 0 && <Actions onFiles={add} onClear={clear} />} />
      <Columns side="options" gap={24} aside={<EncryptionOptions {...{ choices, tried }} layoutFault={fault} onChange={(part) => { setChoices((before) => ({ ...before, ...part })); }}>{button}</EncryptionOptions>}>
        {looks.length > 0
          ? <ChosenList {...{ pictures, others }} onRemove={remove} />
          : <FileDrop label="Pictures for the batch" title={phone ? "Choose pictures" : "Drop a folder here"} hint={phone ? undefined : "Or many pictures at once."} icon={Images} tone="amber" multiple paste folder={!phone} onFiles={add} limits={`Up to ${MOST_PICTURES} pictures, 50 MB each`} className="lg:min-h-[340px]" />}
        <Earlier />
      </Columns>
    </>
  );
}

const SendingNote = ({ sending }: { sending: Sending<Order> }) => <Uploading sent={sending.sent} error={sending.error} onAgain={() => { upload.again(); }} onStop={() => { upload.stop(); }} />;

const Actions = ({ onFiles, onClear }: { onFiles: (files: File[]) => void; onClear: () => void }) => (
  <>
    <Button kind="ghost" onClick={onClear}>Remove all</Button>
    <Chooser label="More pictures" multiple icon={Plus} onFiles={onFiles}>Add pictures</Chooser>
  </>
);

/** The chosen files with what they are. They are looked at one after the other, because each is read whole. */
function useLooks() {
  const [looks, setLooks] = useState<Look[]>([]);
  const [checking, setChecking] = useState(0);
  const queue = useRef(Promise.resolve());
  const round = useRef(0);
  const add = (files: File[]) => {
    const mine = round.current;
    setChecking((before) => before + files.length);
    for (const file of files) {
      queue.current = queue.current.then(async () => {
        const seen = mine === round.current ? await look(file) : null;
        if (seen === null || mine !== round.current) return;
        setLooks((before) => (before.some((one) => isSame(one.file, file)) ? before : [...before, seen]));
        setChecking((before) => before - 1);
      });
    }
  };
  const clear = () => { round.current += 1; setLooks([]); setChecking(0); };
  const remove = (file: File) => { setLooks((before) => before.filter((one) => one.file !== file)); };
  useEffect(() => {
    const brought = unpack("batch");
    if (brought.length > 0) void Promise.resolve(brought).then(add);
  }, []);
  return { looks, checking, add, remove, clear };
}

const isSame = (one: File, other: File): boolean => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified && one.webkitRelativePath === other.webkitRelativePath;
