import { frameSize } from "@imageshield/client/format";
import type { Job } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import type { FilesProps } from "@/features/decrypt/files.tsx";
import { SmallSlot } from "@/features/decrypt/small-slot.tsx";
import { bareOf, keyFileOf, keyIdText } from "@/features/decrypt/slots.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { moment, shortId } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { Select } from "@/ui/input.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

const LOOKED_THROUGH = 100;

/** A picture without the header of an encrypted one. As a PNG it may still be whole; as a JPEG it is lost. */
export function SavedAgain(props: FilesProps) {
  const bare = bareOf(props.wish.slots);
  if (bare === "jpeg") return <Message tone="bad" title="This is a JPEG. If it was an encrypted picture, it is lost in it.">JPEG changes every pixel, and an encrypted picture opens only if all of it is unchanged. Look for the PNG that was downloaded.</Message>;
  if (bare === "other") return <Message tone="bad" title="This is no encrypted picture.">An encrypted picture is a PNG. If another program has saved one in this format, save it as PNG, without any other change.</Message>;
  return (
    <div className="grid gap-4">
      <Message tone="warn" title="Another program has saved this picture again, or it was never encrypted.">Its header is missing. If not one pixel was changed, it still opens with the header from elsewhere.</Message>
      {props.wish.where === "service" ? <FromVault {...props} /> : <FromFile {...props} />}
    </div>
  );
}

/** The encryptions of this account whose result has the size of the picture. */
function useCandidates({ wish: { slots } }: FilesProps) {
  const facts = slots.picture?.kind === "picture" ? slots.picture.facts : null;
  const jobs = useQuery({
    queryKey: ["jobs", "candidates"],
    queryFn: ({ signal }) => client.jobs.list({ kind: "encrypt", status: "completed", limit: LOOKED_THROUGH }, { signal }),
    select: (page) => page.data,
  });
  const fitting = jobs.data?.filter((job) => job.key_id !== null && facts !== null && hasSize(job, facts)) ?? [];
  return { ...jobs, fitting };
}

export function hasSize({ layout, image }: Pick<Job, "layout" | "image">, { width, height }: { width: number; height: number }): boolean {
  if (!image) return false;
  const size = layout === "file" ? frameSize(image.bytes) : image;
  return size.width === width && size.height === height;
}

const nameOf = (job: Job): string => `${job.file_name ?? "A picture"}, ${moment(new Date(job.created_at))}, ${shortId(job.key_id ?? "")}`;

/** By the service: it keeps header and tag with each key. */
function FromVault(props: FilesProps) {
  const { wish: { slots, keyId }, onChange } = props;
  const { fitting, isPending, error } = useCandidates(props);
  const keyFile = keyFileOf(slots);
  const ofKeyFile = keyFile && keyIdText(keyFile.keyId);
  const options = [...new Map([...(ofKeyFile ? [[ofKeyFile, `The one of the key file, ${shortId(ofKeyFile)}`] as const] : []), ...fitting.map((job) => [job.key_id ?? "", nameOf(job)] as const)])];
  if (error) return <ProblemMessage error={error} />;
  return (
    <Select label="Which picture was it?" note="of the same size" value={keyId} disabled={isPending} onChange={(event) => { onChange({ keyId: event.target.value }); }} hint={options.length === 0 && !isPending ? "None of your last 100 encryptions has this size. It was resized or turned, or another account encrypted it." : "The service keeps the header of each of your pictures with its key."}>
      <option value="">Choose one</option>
      {options.map(([id, name]) => <option key={id} value={id}>{name}</option>)}
    </Select>
  );
}

/** In this browser: from a header file, or fetched from the service. */
function FromFile(props: FilesProps) {
  const { wish: { slots }, onFiles } = props;
  const { fitting } = useCandidates(props);
  const keyFile = keyFileOf(slots);
  const own = fitting.find((job) => keyFile && job.key_id === keyIdText(keyFile.keyId));
  const { run, busy, error } = useAction(async (job: string) => {
    const { blob, name } = await client.jobs.header(job);
    onFiles([new File([blob], name ?? "picture.qhdr")], "header");
  });
  return (
    <div className="grid gap-2">
      <SmallSlot name="Header" note="of the picture as it was" slot="header" look={slots.header} accept=".qhdr" onFiles={onFiles} hint="The service gives it out for each of your encryptions, and imageshield header writes it from an unchanged copy." />
      {!slots.header && own && <div><Button size="small" busy={busy} onClick={() => { run(own.job_id); }}>Fetch the header from the service</Button></div>}
      {error !== null && <ProblemMessage error={error} />}
    </div>
  );
}
