/** A key of the keyboard. It takes the color of the text around it. */
export function Kbd({ children }: { children: string }) {
  return <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-[5px] border border-current/20 shadow-[0_1px_0_color-mix(in_srgb,currentColor_20%,transparent)] px-1 font-sans text-[11px] leading-none font-medium">{children}</kbd>;
}
