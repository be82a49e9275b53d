import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { buttonClass, ButtonContent, type Look } from "@/ui/button.tsx";

type Props = Look & { to: string; search?: Record<string, string>; children: ReactNode; className?: string; onClick?: () => void };

/** A link that looks like a button: another page of the console. */
export function ButtonLink({ to, search, className, children, onClick, ...look }: Props) {
  return (
    <Link to={to} {...(search && { search })} {...(onClick && { onClick })} className={cx(buttonClass(look), className)}>
      <ButtonContent {...look}>{children}</ButtonContent>
    </Link>
  );
}
