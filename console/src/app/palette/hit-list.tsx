import { useEffect, useRef } from "react";
import type { Hit } from "@/app/palette/hits.ts";
import { Keys } from "@/app/shortcuts-dialog.tsx";
import { cx } from "@/lib/cx.ts";
import { tileOf } from "@/lib/jobs.ts";
import { StatusBadge } from "@/ui/badge.tsx";
import { Kbd } from "@/ui/kbd.tsx";
import { Tile } from "@/ui/picture.tsx";

interface Props {
  id: string;
  hits: Hit[];
  at: number;
  wanted: string;
  onChoose: (hit: Hit, newTab: boolean) => void;
  onPoint: (at: number) => void;
}

/** The hits in their groups; the focus stays in the search. */
export function HitList({ id, hits, at, wanted, onChoose, onPoint }: Props) {
  return (
    <div role="listbox" id={id} aria-label="Hits" className="max-h-[min(420px,60dvh)] overflow-y-auto p-2">
      {hits.length === 0 && <p role="option" aria-selected="false" aria-disabled="true" className="px-3 py-6 text-center text-muted">Nothing found. Try a page, an action, or the start of a job id.</p>}
      {[...new Set(hits.map((hit) => hit.group))].map((group) => (
        <div key={group} role="group" aria-label={group}>
          <p aria-hidden className="px-2.5 pt-2 pb-1 text-caption font-medium text-muted">{group}</p>
          {hits.map((hit, index) => hit.group === group && (
            <Row key={hit.key} id={`${id}-${index}`} hit={hit} chosen={index === at} wanted={wanted} onPoint={() => { onPoint(index); }} onChoose={(newTab) => { onChoose(hit, newTab); }} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Row({ id, hit, chosen, wanted, onPoint, onChoose }: { id: string; hit: Hit; chosen: boolean; wanted: string; onPoint: () => void; onChoose: (newTab: boolean) => void }) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const Icon = hit.icon;
  return (
    <div ref={row} id={id} role="option" aria-selected={chosen} onMouseMove={onPoint} onClick={(event) => { onChoose(event.ctrlKey || event.metaKey); }} className={cx("flex h-11 cursor-pointer items-center gap-2.5 rounded-control px-2.5", chosen && "bg-raised")}>
      {hit.job ? <Tile id={hit.job.job_id} kind={tileOf(hit.job)} /> : Icon && <Icon aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.75} />}
      <span className="truncate"><Marked text={hit.text} wanted={wanted} /></span>
      {hit.note && <span className={cx("shrink-0 text-caption text-muted", hit.job && "font-mono max-md:hidden")}>{hit.note}</span>}
      <span className="ml-auto flex shrink-0 items-center gap-2 text-muted">
        {hit.job && <StatusBadge status={hit.job.status} progress={hit.job.progress} />}
        {hit.keys && <span className="max-md:hidden"><Keys keys={hit.keys} /></span>}
        {hit.job && chosen && <span className="max-md:hidden"><Kbd>↵</Kbd></span>}
      </span>
    </div>
  );
}

/** The text with what was searched in bold. */
function Marked({ text, wanted }: { text: string; wanted: string }) {
  const start = wanted ? text.toLowerCase().indexOf(wanted.toLowerCase()) : -1;
  if (start < 0) return <>{text}</>;
  const end = start + wanted.length;
  return <>{text.slice(0, start)}<strong className="font-semibold">{text.slice(start, end)}</strong>{text.slice(end)}</>;
}
