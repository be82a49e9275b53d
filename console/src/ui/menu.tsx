import { Link } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { place } from "@/ui/floating.ts";

export interface MenuItem {
  label: ReactNode;
  icon?: LucideIcon;
  /** A page of the console, … */
  to?: string;
  /** … a page of the service (`/docs`), … */
  href?: string;
  /** … or an act. */
  onSelect?: () => void;
  danger?: boolean;
  /** Why it cannot be chosen. */
  reason?: string | undefined;
  /** A line above it. */
  lined?: boolean;
}

interface Props {
  items: MenuItem[];
  /** What the button shows. */
  children: ReactNode;
  /** The name of the menu; if the button shows an icon alone, also of the button. */
  label: string;
  iconOnly?: boolean;
  buttonClassName: string;
  align?: "start" | "end";
  /** Above the items: who is signed in. */
  head?: ReactNode;
}

/** A button that opens a menu. Arrows, Home, End and Escape work; the browser's popover closes it when one clicks elsewhere. */
export function Menu({ items, children, label, buttonClassName, iconOnly, align = "start", head }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const opened = (open: boolean) => {
    button.current?.setAttribute("aria-expanded", String(open));
    if (!open || !menu.current || !button.current) return;
    place(menu.current, button.current, align);
    entries(menu.current).at(0)?.focus();
  };
  return (
    <>
      <button ref={button} type="button" popoverTarget={id} aria-haspopup="menu" aria-expanded="false" {...(iconOnly && { "aria-label": label, title: label })} className={buttonClassName}>
        {children}
      </button>
      <div ref={menu} id={id} popover="auto" onToggle={(event) => { opened(event.newState === "open"); }} className="m-0 min-w-52 rounded-card border border-line bg-surface p-1 text-ink shadow-float">
        {head}
        <div role="menu" aria-label={label} onKeyDown={move} onClick={() => { menu.current?.hidePopover(); }}>
          {items.map((item, index) => <Entry key={index} item={item} />)}
        </div>
      </div>
    </>
  );
}

function Entry({ item }: { item: MenuItem }) {
  const Icon = item.icon;
  const common = {
    role: "menuitem",
    tabIndex: -1,
    className: cx("flex min-h-9 w-full items-center gap-2.5 rounded-chip px-2.5 text-body hover:bg-raised focus:bg-raised focus:outline-none max-md:min-h-11", item.danger && "text-bad", item.reason !== undefined && "text-muted"),
  };
  const content = (
    <>
      {Icon && <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />}
      {item.label}
      {item.reason && <span className="ml-auto pl-3 text-caption">{item.reason}</span>}
    </>
  );
  return (
    <div role="none" className={cx(item.lined && "mt-1 border-t border-line pt-1")}>
      {item.to ? <Link {...common} to={item.to}>{content}</Link> : item.href ? <a {...common} href={item.href}>{content}</a> : (
        <button {...common} type="button" aria-disabled={item.reason === undefined ? undefined : true} onClick={() => { if (item.reason === undefined) item.onSelect?.(); }}>{content}</button>
      )}
    </div>
  );
}

const entries = (menu: Element): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];

function move(event: KeyboardEvent<HTMLElement>): void {
  const all = entries(event.currentTarget);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["Home", 0], ["End", -1]]).get(event.key);
  if (next === undefined) return;
  event.preventDefault();
  all.at(next % all.length)?.focus();
}
