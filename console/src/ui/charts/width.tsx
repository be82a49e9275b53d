import { useCallback, useState, type ReactNode } from "react";

/** The width of an element in CSS pixels, followed; 0 until it is in the page. */
export function useWidth(): [(element: HTMLElement | null) => (() => void) | undefined, number] {
  const [width, setWidth] = useState(0);
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    // Before the first paint, so that a chart never shows at a wrong size.
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => { setWidth(element.clientWidth); });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, []);
  return [ref, width];
}

/** Draws at the width that there is, in real pixels: a scaled drawing would scale its text. */
export function Sized({ children, className }: { children: (width: number) => ReactNode; className?: string }) {
  const [ref, width] = useWidth();
  return <div ref={ref} className={className ?? "min-w-0"}>{width > 0 && children(width)}</div>;
}
