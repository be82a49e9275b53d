import { localObstacle } from "@imageshield/client/local";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Aside } from "@/features/decrypt/aside.tsx";
import { Files } from "@/features/decrypt/files.tsx";
import { Foot } from "@/features/decrypt/foot.tsx";
import { useLocalDecryption } from "@/features/decrypt/local.ts";
import { Outcome } from "@/features/decrypt/outcome.tsx";
import { missing, type Wish } from "@/features/decrypt/readiness.ts";
import { keepFiles, keptFiles, send, upload } from "@/features/decrypt/submission.ts";
import { NO_FILES, placed, type Slot, type Slots } from "@/features/decrypt/slots.ts";
import { unpack } from "@/lib/carry.ts";
import { look, MAX_ENCRYPTED_BYTES } from "@/lib/intake.ts";
import { useUpload } from "@/lib/upload.ts";
import { Card } from "@/ui/card.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";

/** The page before the picture: files, secrets, and where to decrypt. */
export function Draft() {
  const { wish, change, take } = useWish();
  const { run, begin, cancel } = useLocalDecryption();
  const sending = useUpload(upload);
  const navigate = useNavigate();
  if (run?.picture) return <Outcome picture={{ blob: run.picture.blob, name: run.picture.name, isIdentical: run.picture.isIdentical, where: "here" }} run={run} onAnother={() => { keepFiles(NO_FILES); change({ slots: NO_FILES, password: "", identity: "" }); cancel(); }} />;
  const decrypt = () => {
    if (missing(wish) !== null) return;
    if (wish.where === "here") begin(wish);
    else send(wish, (job) => void navigate({ to: `/decrypt/${job}` }));
  };
  return (
    <>
      <PageHead title="Decrypt" note="The picture is given out only if all of it is authentic." />
      <Columns side="options" gap={24} aside={<Aside wish={wish} onWhere={(where) => { change({ where }); }} />}>
        <Card aria-label="What to decrypt">
          <form onSubmit={(event) => { event.preventDefault(); decrypt(); }}>
            <Files wish={wish} onChange={change} onFiles={take} />
            <Foot wish={wish} run={run} sending={sending} onStop={() => { cancel(); upload.stop(); }} />
          </form>
        </Card>
      </Columns>
    </>
  );
}

/** An encrypted picture is larger than its original, also where another program has saved it again. */
const lookAt = (file: File) => look(file, MAX_ENCRYPTED_BYTES);

/** What is wished so far. Files find their own places, unless they were chosen for one. */
function useWish() {
  const [wish, setWish] = useState<Wish>(() => ({ slots: keptFiles(), where: localObstacle() === null ? "here" : "service", password: "", identity: "", keyId: "" }));
  const change = (part: Partial<Wish>) => { setWish((before) => ({ ...before, ...part })); };
  const put = (arrange: (slots: Slots) => Slots) => { setWish((before) => ({ ...before, slots: arrange(before.slots), keyId: "" })); };
  const take = (files: File[], slot?: Slot) => {
    void Promise.all(files.map(lookAt)).then((looks) => {
      put((slots) => (slot && looks[0] ? { ...slots, [slot]: looks[0] } : placed(slots, looks)));
    });
  };
  useEffect(() => {
    const brought = unpack("decrypt");
    if (brought.length === 0) return;
    void Promise.all(brought.map(lookAt)).then((looks) => { put(() => placed(NO_FILES, looks)); });
  }, []);
  return { wish, change, take };
}
