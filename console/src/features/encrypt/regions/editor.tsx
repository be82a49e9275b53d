import { Minus, MousePointer2, Plus, Redo2, SquareDashed, SquarePlus, Undo2 } from "lucide-react";
import { useCallback, useEffect, useRef, useState, type Dispatch } from "react";
import { Board } from "@/features/encrypt/regions/board.tsx";
import type { Drawing, Step } from "@/features/encrypt/regions/drawing.ts";
import { middle, type Point, type Size } from "@/features/encrypt/regions/geometry.ts";
import type { Tool } from "@/features/encrypt/regions/gestures.ts";
import { cx } from "@/lib/cx.ts";
import { percent } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Segmented } from "@/ui/choice.tsx";
import { Kbd } from "@/ui/kbd.tsx";

interface Props {
  src: string | undefined;
  /** Of the stored picture. */
  size: Size;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
}

const TALLEST = 552;
const PADDING = 20;
const ZOOMS = { least: 1, most: 16, step: 1.25 };

/** Draw, select, move and resize the parts to encrypt. */
export function RegionEditor({ src, size, drawing, dispatch }: Props) {
  const [tool, setTool] = useState<Tool>("draw");
  const [turned, setTurned] = useState(false);
  const [point, setPoint] = useState<Point | null>(null);
  const phone = usePhone();
  const add = () => { dispatch({ type: "add", region: middle(size) }); };
  const { frame, scale, zoom, canGrow, canShrink } = useZoom(size);
  return (
    <Card aria-label="Parts of the picture" className="max-md:border-0 max-md:bg-transparent">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-3 py-2 max-md:border-0 max-md:px-0">
        <div className="flex flex-wrap items-center gap-2 max-md:gap-1">
          <Segmented legend="Tool" segments={[{ value: "select", name: "Select", icon: MousePointer2 }, { value: "draw", name: "Draw", icon: SquareDashed }]} value={tool} onChange={setTool} />
          <IconButton icon={Undo2} label="Undo" aria-disabled={drawing.past.length === 0} className={cx(drawing.past.length === 0 && "opacity-35")} onClick={() => { dispatch({ type: "undo" }); }} />
          <IconButton icon={Redo2} label="Redo" aria-disabled={drawing.future.length === 0} className={cx("-ml-2", drawing.future.length === 0 && "opacity-35")} onClick={() => { dispatch({ type: "redo" }); }} />
          {phone ? <IconButton icon={SquarePlus} label="Add a part" onClick={add} /> : <Button size="small" kind="ghost" onClick={add}>Add a part</Button>}
        </div>
        <div className="flex items-center max-md:hidden">
          <IconButton icon={Minus} label="Smaller" aria-disabled={!canShrink} onClick={() => { zoom(-1); }} />
          <span className="numeric min-w-12 text-center text-dense text-muted" aria-live="polite">{percent(scale)}</span>
          <IconButton icon={Plus} label="Larger" aria-disabled={!canGrow} onClick={() => { zoom(1); }} />
        </div>
      </div>
      {turned && <p className="px-4 py-2 text-dense text-muted max-md:px-0">Viewers turn this picture. Here it lies as it is stored, because the parts are pixels of the stored one.</p>}
      <div ref={frame} className="flex max-h-[592px] overflow-auto bg-raised p-5 max-md:rounded-picture max-md:p-0">
        <div className="m-auto"><Board {...{ src, size, scale, tool, drawing, dispatch, zoom }} onPoint={setPoint} onTurned={() => { setTurned(true); }} /></div>
      </div>
      <div className="flex items-center justify-between gap-3 border-t border-line px-4 py-2.5 text-caption text-muted max-md:hidden">
        <span>{tool === "draw" ? "Drag to draw." : "Drag a part, or its handles."} <Kbd>Shift</Kbd> square, <Kbd>←↑↓→</Kbd> one pixel, <Kbd>Del</Kbd> remove</span>
        <span className="numeric whitespace-nowrap">{point && `x ${point.x}, y ${point.y}`}</span>
      </div>
    </Card>
  );
}

/** The scale that shows all of the picture, and steps from there. */
function useZoom(size: Size) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [factor, setFactor] = useState(1);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      const style = getComputedStyle(element);
      setWidth(element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, []);
  const zoom = useCallback((by: 1 | -1) => {
    setFactor((before) => Math.min(ZOOMS.most, Math.max(ZOOMS.least, before * ZOOMS.step ** by)));
  }, []);
  const fitting = Math.min((width || 2 * PADDING) / size.width, TALLEST / size.height);
  return { frame, scale: fitting * factor, zoom, canGrow: factor < ZOOMS.most, canShrink: factor > ZOOMS.least };
}
