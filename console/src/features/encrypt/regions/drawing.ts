/** What was drawn, with everything that can be taken back. */

import type { Region } from "@imageshield/client";

export interface Part extends Region {
  /** Names it while it is moved and resized; never sent. */
  id: number;
}

export interface Drawing {
  parts: readonly Part[];
  selected: number | null;
  past: readonly (readonly Part[])[];
  future: readonly (readonly Part[])[];
  nextId: number;
  /** What the last step did: the next one of the same kind joins it, so that a drag is taken back at once. */
  last: string | null;
}

export const EMPTY: Drawing = { parts: [], selected: null, past: [], future: [], nextId: 1, last: null };

/** More than the format holds are refused by the service. */
export const MOST_PARTS = 64;

export type Step =
  | { type: "add"; region: Region }
  /** Steps of the same `gesture` are one. */
  | { type: "change"; id: number; region: Region; gesture: string }
  | { type: "remove"; id: number }
  | { type: "select"; id: number | null }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "clear" };

export function draw(drawing: Drawing, step: Step): Drawing {
  switch (step.type) {
    case "add":
      return add(drawing, step.region);
    case "change":
      return change(drawing, step.id, step.region, step.gesture);
    case "remove":
      return remove(drawing, step.id);
    case "select":
      return { ...drawing, selected: step.id, last: null };
    case "undo":
      return undo(drawing);
    case "redo":
      return redo(drawing);
    case "clear":
      return drawing.parts.length === 0 ? drawing : { ...commit(drawing, []), selected: null };
  }
}

function commit(drawing: Drawing, parts: readonly Part[], last: string | null = null): Drawing {
  const joins = last !== null && last === drawing.last;
  return { ...drawing, parts, past: joins ? drawing.past : [...drawing.past, drawing.parts], future: [], last };
}

function add(drawing: Drawing, region: Region): Drawing {
  if (drawing.parts.length >= MOST_PARTS) return drawing;
  const part = { ...region, id: drawing.nextId };
  return { ...commit(drawing, [...drawing.parts, part]), selected: part.id, nextId: drawing.nextId + 1 };
}

function change(drawing: Drawing, id: number, region: Region, gesture: string): Drawing {
  const before = drawing.parts.find((part) => part.id === id);
  if (!before || sameRegion(before, region)) return drawing;
  const parts = drawing.parts.map((part) => (part.id === id ? { ...region, id } : part));
  return { ...commit(drawing, parts, `${gesture} ${id}`), selected: id };
}

const sameRegion = (one: Region, other: Region): boolean => one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;

/** The one after it is selected, so that several can be removed by one key. */
function remove(drawing: Drawing, id: number): Drawing {
  const index = drawing.parts.findIndex((part) => part.id === id);
  if (index < 0) return drawing;
  const parts = drawing.parts.filter((part) => part.id !== id);
  return { ...commit(drawing, parts), selected: parts.at(Math.min(index, parts.length - 1))?.id ?? null };
}

function undo(drawing: Drawing): Drawing {
  const parts = drawing.past.at(-1);
  if (!parts) return drawing;
  return { ...shown(drawing, parts), past: drawing.past.slice(0, -1), future: [drawing.parts, ...drawing.future] };
}

function redo(drawing: Drawing): Drawing {
  const [parts, future] = [drawing.future.at(0), drawing.future.slice(1)];
  if (!parts) return drawing;
  return { ...shown(drawing, parts), past: [...drawing.past, drawing.parts], future };
}

function shown(drawing: Drawing, parts: readonly Part[]): Drawing {
  const selected = parts.some((part) => part.id === drawing.selected) ? drawing.selected : (parts.at(-1)?.id ?? null);
  return { ...drawing, parts, selected, last: null };
}

/** What is sent: the rectangles alone. */
export const regionsOf = ({ parts }: Drawing): Region[] => parts.map(({ x, y, width, height }) => ({ x, y, width, height }));
