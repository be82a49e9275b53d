import type { LucideIcon } from "lucide-react";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, MouseEvent, ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { Kbd } from "@/ui/kbd.tsx";
import { Spinner } from "@/ui/spinner.tsx";

/** `iris` makes an encrypted picture, `amber` gives yours back, `ink` does everything else. At most one filled button in a view. */
export type ButtonKind = "ink" | "iris" | "amber" | "danger" | "outline" | "ghost";
export type ButtonSize = "small" | "medium" | "large";

export interface Look {
  kind?: ButtonKind;
  size?: ButtonSize;
  icon?: LucideIcon;
  /** A key that does the same, shown in the button. */
  shortcut?: string;
  /** As wide as its column. */
  wide?: boolean;
}

const KINDS: Record<ButtonKind, string> = {
  ink: "bg-ink text-bg hover:bg-ink/88",
  iris: "bg-iris text-on-fill hover:bg-iris/88",
  amber: "bg-amber text-on-fill hover:bg-amber/88",
  danger: "bg-bad text-on-fill hover:bg-bad/88",
  outline: "border border-line bg-surface text-ink shadow-edge hover:bg-raised",
  ghost: "text-ink hover:bg-raised",
};
const SIZES: Record<ButtonSize, string> = {
  small: "h-[30px] gap-2 px-2.5 text-dense max-md:h-11 max-md:px-3.5",
  medium: "h-9 gap-2 px-3.5 text-body max-md:h-11",
  large: "h-11 gap-2.5 px-5 text-[15px] max-md:h-12",
};
const OFF = "border border-line bg-raised text-muted";

export function buttonClass({ kind = "outline", size = "medium", wide }: Look, off = false): string {
  return cx("inline-flex shrink-0 items-center justify-center rounded-control font-medium whitespace-nowrap transition-colors select-none", SIZES[size], off ? OFF : KINDS[kind], wide && "w-full");
}

export function ButtonContent({ icon: Icon, size, shortcut, busy, children }: Look & { busy?: boolean | undefined; children?: ReactNode }) {
  return (
    <>
      {busy ? <Spinner /> : Icon && <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />}
      {children}
      {shortcut && size !== "small" && <span className="ml-1 max-md:hidden"><Kbd>{shortcut}</Kbd></span>}
    </>
  );
}

type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled" | "className"> & {
    /** Why it cannot be pressed: shown in place of the label. The button keeps the focus. */
    reason?: string | undefined;
    /** Cannot be pressed, and the page beside it says why. */
    disabled?: boolean | undefined;
    busy?: boolean | undefined;
    busyLabel?: string;
    className?: string;
  };

export function Button({ kind = "outline", size = "medium", icon, shortcut, wide, reason, disabled, busy, busyLabel, className, children, onClick, type = "button", ...rest }: ButtonProps) {
  const off = reason !== undefined || disabled === true;
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    if (off || busy) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button {...rest} type={type} onClick={click} aria-disabled={off || busy ? true : undefined} aria-busy={busy ? true : undefined} className={cx(buttonClass({ kind, size, ...(wide && { wide }) }, off), className)}>
      <ButtonContent size={size} {...(icon && { icon })} {...(shortcut && !off && { shortcut })} busy={busy}>
        {reason ?? (busy ? (busyLabel ?? children) : children)}
      </ButtonContent>
    </button>
  );
}

/** A link that looks like a button, to any address. Inside the console, `ButtonLink` changes the page without loading it again. */
export function ButtonAnchor({ className, children, kind = "outline", size = "medium", icon, shortcut, wide, ...rest }: Look & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a {...rest} className={cx(buttonClass({ kind, size, ...(wide && { wide }) }), className)}>
      <ButtonContent size={size} {...(icon && { icon })} {...(shortcut && { shortcut })}>{children}</ButtonContent>
    </a>
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> & { icon: LucideIcon; label: string; bordered?: boolean };

/** A button of an icon alone: 36 square, 44 on phones. Its name is its title. */
export function IconButton({ icon: Icon, label, bordered, className, ...rest }: IconButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} className={cx("inline-flex size-9 shrink-0 items-center justify-center rounded-control transition-colors hover:bg-raised max-md:size-11", bordered && "border border-line bg-surface shadow-edge", className)}>
      <Icon aria-hidden className="size-4" strokeWidth={1.75} />
    </button>
  );
}
