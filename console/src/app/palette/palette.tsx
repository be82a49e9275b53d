import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useId, useState, type KeyboardEvent } from "react";
import { leave } from "@/app/account-menu.tsx";
import { hitsFor, type Hit } from "@/app/palette/hits.ts";
import { HitList } from "@/app/palette/hit-list.tsx";
import { useAccount } from "@/lib/account.ts";
import { client, useMe } from "@/lib/api.ts";
import { chooseTheme, useTheme } from "@/lib/theme.ts";
import { Modal } from "@/ui/dialog.tsx";
import { Kbd } from "@/ui/kbd.tsx";

interface Props {
  open: boolean;
  onClose: () => void;
  onShortcuts: () => void;
}

/** Ctrl K: pages, the latest jobs, actions. */
export function Palette({ open, ...props }: Props) {
  return (
    <Modal open={open} onClose={props.onClose} label="Search or jump to" className="mx-auto mt-28 mb-auto w-[min(640px,calc(100vw-32px))] rounded-card max-md:mt-4">
      <Content {...props} />
    </Modal>
  );
}

function Content({ onClose, onShortcuts }: Omit<Props, "open">) {
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const hits = useHits(text, onShortcuts);
  const choose = useChoice(onClose);
  const chosen = hits.at(at);
  const keys = (event: KeyboardEvent) => {
    const next = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["Home", 0], ["End", hits.length - 1]]).get(event.key);
    if (event.key === "Enter" && chosen) choose(chosen, event.ctrlKey || event.metaKey);
    else if (next !== undefined && hits.length > 0) setAt((next + hits.length) % hits.length);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className="flex h-[55px] items-center gap-2.5 border-b border-line px-4">
        <Search aria-hidden className="size-[18px] shrink-0 text-muted" strokeWidth={1.75} />
        <input autoFocus type="text" role="combobox" aria-label="Search or jump to" aria-expanded aria-controls={id} aria-activedescendant={chosen && `${id}-${at}`} autoComplete="off" spellCheck={false} placeholder="Search or jump to…" value={text} onKeyDown={keys} onChange={(event) => { setText(event.target.value); setAt(0); }} className="h-full min-w-0 flex-1 bg-transparent text-lead outline-none placeholder:text-muted" />
        <span className="text-muted max-md:hidden"><Kbd>Esc</Kbd></span>
      </div>
      <HitList id={id} hits={hits} at={at} wanted={text.trim()} onChoose={choose} onPoint={setAt} />
      <Foot />
    </>
  );
}

function useHits(text: string, showShortcuts: () => void): Hit[] {
  const theme = useTheme();
  const role = useAccount()?.role;
  const operator = useMe().data?.operator;
  const { data } = useQuery({ queryKey: ["jobs", "palette"], queryFn: ({ signal }) => client.jobs.list({ limit: 50 }, { signal }), staleTime: 10_000 });
  const acts = { role, operator, theme, showShortcuts, switchTheme: () => { chooseTheme(theme === "dark" ? "light" : "dark"); }, signOut: () => void leave() };
  return hitsFor(text, data?.data ?? [], acts);
}

function useChoice(onClose: () => void) {
  const navigate = useNavigate();
  return (hit: Hit, newTab: boolean) => {
    onClose();
    const address = hit.to ?? hit.href;
    if (address && newTab) open(address, "_blank", "noopener");
    else if (hit.to) void navigate({ to: hit.to });
    else if (hit.href) location.assign(hit.href);
    else hit.act?.();
  };
}

const Foot = () => (
  <div className="flex items-center gap-5 border-t border-line bg-raised px-4 py-2 text-caption text-muted max-md:hidden">
    <span className="flex items-center gap-1.5"><Kbd>↑↓</Kbd> choose</span>
    <span className="flex items-center gap-1.5"><Kbd>↵</Kbd> open</span>
    <span className="flex items-center gap-1.5"><Kbd>Ctrl ↵</Kbd> in a new tab</span>
    <span className="ml-auto flex items-center gap-1.5"><Kbd>?</Kbd> all shortcuts</span>
  </div>
);
