import type { Region } from "@imageshield/client";
import { useEffect, useRef, type CSSProperties, type Dispatch } from "react";
import type { Drawing, Part, Step } from "@/features/encrypt/regions/drawing.ts";
import { HANDLES, type Handle, type Size } from "@/features/encrypt/regions/geometry.ts";
import { keyDown, usePointer, type Tool } from "@/features/encrypt/regions/gestures.ts";
import { cx } from "@/lib/cx.ts";
import { dimensions } from "@/lib/format.ts";
import { Noise } from "@/ui/noise.tsx";

interface Props {
  src: string | undefined;
  size: Size;
  /** Pixels of the screen for one of the picture. */
  scale: number;
  tool: Tool;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
  zoom: (by: 1 | -1) => void;
  onPoint: (point: { x: number; y: number } | null) => void;
  /** Viewers turn the picture as its EXIF says. */
  onTurned?: () => void;
}

/** The picture as it is stored, with the rectangles on it. */
export function Board({ src, size, scale, tool, drawing, dispatch, zoom, onPoint, onTurned }: Props) {
  const board = useRef<HTMLDivElement>(null);
  const { drawn, at, handlers } = usePointer({ board, size, tool, drawing, dispatch });
  useEffect(() => { onPoint(at && { x: Math.floor(at.x), y: Math.floor(at.y) }); }, [at, onPoint]);
  useFocus(board, drawing);
  const selected = drawing.parts.find((part) => part.id === drawing.selected);
  const place = (region: Region) => placeIn(region, size);
  return (
    <div
      ref={board} {...handlers} data-board role="group" tabIndex={0} aria-label="The picture. Enter adds a part."
      onKeyDown={(event) => { keyDown(event, { size, drawing, dispatch, zoom }); }}
      className={cx("relative shrink-0 select-none", tool === "draw" ? "cursor-crosshair touch-none" : "touch-pan-x touch-pan-y")}
      style={{ width: size.width * scale, height: size.height * scale }}
    >
      {/* Regions are pixels of the stored picture, so it is not turned as its EXIF says. */}
      {src ? <img src={src} alt="" draggable={false} onLoad={(event) => { if (event.currentTarget.naturalWidth !== size.width) onTurned?.(); }} className="pointer-events-none size-full rounded-picture" style={{ imageOrientation: "none" }} /> : <div className="size-full rounded-picture bg-amber-tint" />}
      {drawing.parts.map((part, index) => <PartBox key={part.id} part={part} number={index + 1} selected={part.id === drawing.selected} scale={scale} style={place(part)} onSelect={() => { if (part.id !== drawing.selected) dispatch({ type: "select", id: part.id }); }} />)}
      {drawn && <div aria-hidden className="pointer-events-none absolute border-2 border-dashed border-iris bg-iris/20" style={place(drawn)} />}
      {selected && HANDLES.map((handle) => <Grip key={handle} handle={handle} part={selected} size={size} />)}
    </div>
  );
}

const placeIn = ({ x, y, width, height }: Region, size: Size): CSSProperties => ({
  left: `${(x / size.width) * 100}%`,
  top: `${(y / size.height) * 100}%`,
  width: `${(width / size.width) * 100}%`,
  height: `${(height / size.height) * 100}%`,
});

const CELL = 4;
const MOST_CELLS = 96;
const cells = (pixels: number): number => Math.min(MOST_CELLS, Math.max(2, Math.round(pixels / CELL)));

function PartBox({ part, number, selected, scale, style, onSelect }: { part: Part; number: number; selected: boolean; scale: number; style: CSSProperties; onSelect: () => void }) {
  const name = `Part ${number}: ${dimensions(part.width, part.height)} pixels at x ${part.x}, y ${part.y}`;
  return (
    <div data-part={part.id} role="button" tabIndex={0} aria-pressed={selected} aria-label={name} onFocus={onSelect} className={cx("absolute cursor-move touch-none outline-offset-2 shadow-[0_0_0_1px_var(--iris),inset_0_0_0_1px_#fff]", selected && "z-1 shadow-[0_0_0_2px_var(--iris),inset_0_0_0_1px_#fff]")} style={style}>
      <Noise columns={cells(part.width * scale)} rows={cells(part.height * scale)} seed={String(part.id)} className="pointer-events-none size-full" />
      <span aria-hidden className={cx("numeric pointer-events-none absolute -left-0.5 rounded-[5px] bg-iris px-1.5 py-0.5 text-caption font-semibold whitespace-nowrap text-on-fill", part.y * scale < 24 ? "top-1 left-1" : "-top-6")}>
        {number}&ensp;{dimensions(part.width, part.height)}
      </span>
    </div>
  );
}

const SIDES: Record<Handle, string> = { nw: "left top corner", n: "top", ne: "right top corner", e: "right side", se: "right bottom corner", s: "bottom", sw: "left bottom corner", w: "left side" };
const CURSORS: Record<Handle, string> = { nw: "nwse-resize", n: "ns-resize", ne: "nesw-resize", e: "ew-resize", se: "nwse-resize", s: "ns-resize", sw: "nesw-resize", w: "ew-resize" };

function Grip({ handle, part, size }: { handle: Handle; part: Part; size: Size }) {
  const x = part.x + (handle.includes("w") ? 0 : handle.includes("e") ? part.width : part.width / 2);
  const y = part.y + (handle.includes("n") ? 0 : handle.includes("s") ? part.height : part.height / 2);
  return (
    <button type="button" data-part={part.id} data-handle={handle} aria-label={`Move the ${SIDES[handle]}`} className="absolute z-2 flex size-6 -translate-1/2 touch-none items-center justify-center max-md:size-9" style={{ left: `${(x / size.width) * 100}%`, top: `${(y / size.height) * 100}%`, cursor: CURSORS[handle] }}>
      <span className="pointer-events-none size-[9px] rounded-[2px] border-2 border-iris bg-[#fff] max-md:size-3" />
    </button>
  );
}

/** The keyboard stays on the picture: on a new part, and after one was removed. */
function useFocus(board: React.RefObject<HTMLDivElement | null>, { selected, parts }: Drawing): void {
  const count = useRef(parts.length);
  useEffect(() => {
    const changed = count.current !== parts.length;
    count.current = parts.length;
    // What had the focus may be the part that was removed.
    const isHere = document.activeElement === document.body || board.current?.contains(document.activeElement);
    if (!changed || !isHere) return;
    const box = selected === null ? board.current : board.current?.querySelector<HTMLElement>(`[role=button][data-part="${selected}"]`);
    box?.focus({ preventScroll: true });
  }, [board, selected, parts]);
}
