/** Put a popover below its anchor, or above where there is no room, inside the window. Set through CSSOM, which the policy allows. */
export function place(floating: HTMLElement, anchor: HTMLElement, align: "start" | "end" | "center" = "start", gap = 4): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = floating;
  const below = at.bottom + gap + height <= innerHeight || at.top - gap - height < 0;
  const left = align === "start" ? at.left : align === "end" ? at.right - width : at.left + (at.width - width) / 2;
  floating.style.top = `${below ? at.bottom + gap : at.top - gap - height}px`;
  floating.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
}
