import { useAnchor } from "@/lib/anchor.ts";
import { PartSection, type Part } from "./part.tsx";
import { apiPart, BEYOND, USING } from "./using.tsx";

const PARTS: Part[] = [...USING, ...BEYOND, apiPart(location.origin)];

export default function GuidePage() {
  useAnchor();
  return (
    <div className="mx-auto grid w-full max-w-[1200px] gap-x-12 px-6 py-14 max-md:px-4 max-md:py-8 lg:grid-cols-[240px_minmax(0,720px)]">
      <nav aria-label="Contents" className="max-lg:mb-10 lg:sticky lg:top-8 lg:mt-[92px] lg:self-start">
        <ol className="grid gap-x-6 border-line max-lg:rounded-card max-lg:border max-lg:bg-surface max-lg:px-5 max-lg:py-2 max-lg:md:grid-cols-2">
          {PARTS.map(({ id, title }) => <li key={id}><a href={`#${id}`} className="flex min-h-8 items-center py-1 text-dense text-muted hover:text-ink max-lg:min-h-11">{title}</a></li>)}
        </ol>
      </nav>
      <div className="min-w-0 max-lg:-order-1 max-lg:contents">
        <header className="max-lg:-order-1 max-lg:mb-6">
          <h1 tabIndex={-1} className="text-section">Guide</h1>
          <p className="mt-2 mb-10 text-lead text-muted max-lg:mb-0">How to encrypt a picture, keep its key, and open it again.</p>
        </header>
        <div>{PARTS.map((part) => <PartSection key={part.id} {...part} />)}</div>
      </div>
    </div>
  );
}
