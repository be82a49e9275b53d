import { CircleAlert, X } from "lucide-react";
import type { Sorted } from "@/features/batch/submission.ts";
import { bytes, dimensions, plural } from "@/lib/format.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { usePreviewShown } from "@/lib/preferences.ts";
import { IconButton } from "@/ui/button.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { Tile } from "@/ui/picture.tsx";

/** What goes into the batch, and what is left out. */
export function ChosenList({ pictures, others, onRemove }: Sorted & { onRemove: (file: File) => void }) {
  return (
    <>
      {pictures.length > 0 && (
        <Card aria-label="Pictures">
          <ul className="max-h-[560px] overflow-y-auto">
            {pictures.map((picture) => <Row key={`${picture.file.webkitRelativePath}${picture.file.name}${picture.file.lastModified}${picture.file.size}`} picture={picture} onRemove={() => { onRemove(picture.file); }} />)}
          </ul>
        </Card>
      )}
      {others.length > 0 && (
        <Card aria-label="Left out">
          <CardHead lined title={`${plural(others.length, "file")} left out`} />
          <ul className="max-h-64 overflow-y-auto">
            {others.map(({ file, why }, index) => (
              <li key={index} className="flex gap-3 border-hairline px-5 py-2.5 not-first:border-t max-md:px-4">
                <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" strokeWidth={1.75} />
                <p className="min-w-0 text-dense"><span className="font-medium break-all">{file.name}</span><span className="block text-muted">{why}</span></p>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

function Row({ picture: { file, facts }, onRemove }: { picture: Sorted["pictures"][number]; onRemove: () => void }) {
  const shown = usePreviewShown();
  const src = useObjectUrl(shown && facts.format !== "TIFF" && facts.format !== "OTHER" ? file : null);
  return (
    <li className="flex min-h-12 items-center gap-3 border-hairline px-5 py-1.5 not-first:border-t max-md:px-4">
      {src ? <Tile id={file.name} src={src} /> : <span aria-hidden className="size-7 shrink-0 rounded-chip border-[1.5px] border-amber bg-amber-tint" />}
      <span className="min-w-0 flex-1 truncate font-medium">{file.name}</span>
      <span className="numeric text-dense whitespace-nowrap text-muted max-md:hidden">{facts.width > 0 && `${dimensions(facts.width, facts.height)} `}{facts.format === "OTHER" ? (facts.mediaType ?? "") : facts.format}</span>
      <span className="numeric w-18 text-right text-dense whitespace-nowrap text-muted">{bytes(file.size)}</span>
      <IconButton icon={X} label={`Leave out ${file.name}`} onClick={onRemove} />
    </li>
  );
}
