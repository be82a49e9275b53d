import type { Region } from "@imageshield/client";
import { useRef, useState, type Dispatch, type KeyboardEvent, type PointerEvent, type RefObject } from "react";
import type { Drawing, Part, Step } from "@/features/encrypt/regions/drawing.ts";
import { drawBetween, HANDLES, middle, move, resize, type Handle, type Point, type Size } from "@/features/encrypt/regions/geometry.ts";

export type Tool = "select" | "draw";

interface Drag {
  kind: "draw" | "move" | Handle;
  from: Point;
  /** As it was when the drag began. */
  part: Part | null;
  gesture: string;
}

/** Rectangles smaller than this on the screen are clicks that slipped. */
const SLIP_PIXELS = 3;

interface Given {
  board: RefObject<HTMLDivElement | null>;
  size: Size;
  tool: Tool;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
}

/** The mouse and the finger on the picture. `drawn` is the rectangle that is being drawn. */
export function usePointer({ board, size, tool, drawing, dispatch }: Given) {
  const drag = useRef<Drag | null>(null);
  const [drawn, setDrawn] = useState<Region | null>(null);
  const [at, setAt] = useState<Point | null>(null);

  const pointOf = (event: PointerEvent): Point => {
    const { left, top, width, height } = board.current?.getBoundingClientRect() ?? new DOMRect();
    return { x: ((event.clientX - left) / width) * size.width, y: ((event.clientY - top) / height) * size.height };
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    const target = event.target instanceof Element ? event.target : null;
    const begun = begin(target, tool, drawing, pointOf(event), event.pointerId);
    drag.current = begun;
    if (!begun) {
      dispatch({ type: "select", id: null });
      return;
    }
    if (begun.part && begun.part.id !== drawing.selected) dispatch({ type: "select", id: begun.part.id });
    if (begun.kind === "draw") event.preventDefault();
    board.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const point = pointOf(event);
    setAt(point);
    const now = drag.current;
    if (!now) return;
    if (now.part) dispatch({ type: "change", id: now.part.id, region: changed(now, now.part, point, size, event.shiftKey), gesture: now.gesture });
    else setDrawn(drawBetween(now.from, point, size, event.shiftKey));
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    const now = drag.current;
    drag.current = null;
    setDrawn(null);
    if (!now || now.part || isSlip(now.from, pointOf(event), board.current, size)) return;
    dispatch({ type: "add", region: drawBetween(now.from, pointOf(event), size, event.shiftKey) });
  };
  const onPointerCancel = () => { drag.current = null; setDrawn(null); };
  const onPointerLeave = () => { setAt(null); };
  return { drawn, at, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel, onPointerLeave } };
}

let gestures = 0;

function begin(target: Element | null, tool: Tool, { parts }: Drawing, from: Point, pointer: number): Drag | null {
  gestures += 1;
  const gesture = `drag ${pointer}.${gestures}`;
  const handle = HANDLES.find((name) => name === target?.closest("[data-handle]")?.getAttribute("data-handle"));
  const id = Number(target?.closest("[data-part]")?.getAttribute("data-part"));
  const part = parts.find((one) => one.id === id) ?? null;
  if (part && handle) return { kind: handle, from, part, gesture };
  if (tool === "draw") return { kind: "draw", from, part: null, gesture };
  return part && { kind: "move", from, part, gesture };
}

function changed({ kind, from }: Drag, part: Part, to: Point, size: Size, square: boolean): Region {
  const by = { x: to.x - from.x, y: to.y - from.y };
  return kind === "move" || kind === "draw" ? move(part, by, size) : resize(part, kind, by, size, square);
}

function isSlip(from: Point, to: Point, board: HTMLElement | null, size: Size): boolean {
  const scale = (board?.getBoundingClientRect().width ?? 1) / size.width;
  return Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) * scale < SLIP_PIXELS;
}

const ARROWS: Partial<Record<string, Point>> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };
const FAST = 10;

interface Keys {
  size: Size;
  drawing: Drawing;
  dispatch: Dispatch<Step>;
  zoom: (by: 1 | -1) => void;
}

/** The keyboard on the picture: arrows move a part, on a handle they move its side; Shift takes ten pixels at a time. */
export function keyDown(event: KeyboardEvent<HTMLElement>, { size, drawing, dispatch, zoom }: Keys): void {
  if (isFieldEvent(event)) return;
  const step = stepOf(event, size, drawing);
  if (step) dispatch(step);
  else if (event.key === "+" || event.key === "=") zoom(1);
  else if (event.key === "-") zoom(-1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function stepOf(event: KeyboardEvent<HTMLElement>, size: Size, drawing: Drawing): Step | null {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  if (ctrlKey || metaKey) return commandOf(key.toLowerCase(), shiftKey);
  const target = event.target as HTMLElement;
  const part = drawing.parts.find(({ id }) => id === Number(target.dataset.part));
  if (!part) return key === "Enter" && target.dataset.board !== undefined ? { type: "add", region: middle(size) } : null;
  if (key === "Delete" || key === "Backspace") return { type: "remove", id: part.id };
  if (key === "Escape") return { type: "select", id: null };
  const arrow = ARROWS[key];
  if (!arrow) return null;
  const by = { x: arrow.x * (shiftKey ? FAST : 1), y: arrow.y * (shiftKey ? FAST : 1) };
  const handle = HANDLES.find((name) => name === target.dataset.handle);
  const region = handle ? resize(part, handle, by, size) : move(part, by, size);
  return { type: "change", id: part.id, region, gesture: handle ? `resize ${handle}` : "nudge" };
}

function commandOf(key: string, shift: boolean): Step | null {
  if (key === "z") return { type: shift ? "redo" : "undo" };
  return key === "y" ? { type: "redo" } : null;
}

const isFieldEvent = ({ target }: KeyboardEvent<HTMLElement>): boolean => target instanceof HTMLInputElement;
