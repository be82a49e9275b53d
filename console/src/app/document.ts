import type { Page } from "@/app/light-pages.ts";

/** Title and robots of the document. */
export function describe(page: Page | undefined): void {
  document.title = `${page?.title ?? "Not found"} · ImageShield`;
  setMeta("robots", page?.description === undefined ? "noindex" : null);
  if (page?.description) setMeta("description", page.description);
}

/** After a navigation the focus is on the heading of the new page, so that it is read out. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("h1")?.focus();
}

function setMeta(name: string, content: string | null): void {
  const found = document.head.querySelector<HTMLMetaElement>(`meta[name=${name}]`);
  if (content === null) {
    found?.remove();
    return;
  }
  const meta = found ?? document.head.appendChild(Object.assign(document.createElement("meta"), { name }));
  meta.content = content;
}
