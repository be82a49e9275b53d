import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { client } from "@/lib/api.ts";
import { IconButton } from "@/ui/button.tsx";
import { Modal } from "@/ui/dialog.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";
import { partsOf } from "./links.ts";

/** One mail as plain text. Its HTML part says the same, and a mail program shows it from the file. */
export function MailDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = useQuery({ queryKey: ["outbox", id], queryFn: ({ signal }) => client.outbox.get(id, { signal }), staleTime: Infinity, gcTime: 0 });
  return (
    <Modal open onClose={onClose} label={data?.subject ?? "Mail"} className="m-auto w-[min(640px,calc(100vw-32px))] rounded-card">
      <div className="flex items-start justify-between gap-3 border-b border-line py-3 pr-2 pl-5">
        <div className="min-w-0">
          <h2 className="text-lead font-semibold break-words">{data?.subject ?? "Mail"}</h2>
          <p className="min-h-5 text-dense break-words text-muted">{data && <>to <span className="break-all">{data.recipient}</span>, <Time at={data.written_at} as="moment" /></>}</p>
        </div>
        <IconButton icon={X} label="Close" onClick={onClose} />
      </div>
      <div className="min-h-[260px] p-5">
        {error && <ProblemMessage error={error} />}
        {!data && !error && <Skeleton label="Loading the mail"><span className="grid gap-2.5">{["w-3/4", "w-full", "w-2/3", "w-1/2"].map((width) => <Bone key={width} className={`h-3 ${width}`} />)}</span></Skeleton>}
        {data && <Text text={data.text} />}
      </div>
      {data && <p className="border-t border-line px-5 py-3 text-caption break-all text-muted">In the folder: {data.file}</p>}
    </Modal>
  );
}

const Text = ({ text }: { text: string }) => (
  <p className="text-body break-words whitespace-pre-wrap">
    {partsOf(text, location.origin).map((part, index) => (part.href === undefined ? part.text : <a key={index} href={part.href} target="_blank" rel="noreferrer" className="link break-all">{part.text}</a>))}
  </p>
);
