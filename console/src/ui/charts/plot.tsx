import { useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { clamp } from "@/ui/charts/scale.ts";

/** A place that can be read out: at `x`, or at a point. */
export interface Stop {
  x: number;
  y?: number;
  lines: string[];
}

interface Props {
  /** Names the slider that reads the chart out: "How often each value occurs". */
  name: string;
  /** What the chart shows, for those who do not see it. */
  sentence: string;
  width: number;
  height: number;
  stops: Stop[];
  /** Top and bottom of the hairline that marks a stop without `y`. */
  span?: [number, number];
  children: ReactNode;
}

/** A drawing in real pixels, and over it a slider: the pointer or the arrows move it from stop to stop, and it says what stands there. */
export function Plot({ name, sentence, width, height, stops, span = [0, height], children }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const stop = at === null ? undefined : stops[at];
  return (
    <div className="relative" style={{ width, height }}>
      <svg role="img" aria-label={sentence} width={width} height={height} className="block text-caption select-none">
        {children}
        {stop && <Pointer stop={stop} span={span} />}
      </svg>
      {stops.length > 0 && <Reader name={name} stops={stops} at={at} onMove={setAt} />}
      {stop && <ReadOut stop={stop} width={width} height={height} />}
    </div>
  );
}

function Reader({ name, stops, at, onMove }: { name: string; stops: Stop[]; at: number | null; onMove: (at: number | null) => void }) {
  const pointed = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    onMove(nearest(stops, event.clientX - box.left, event.clientY - box.top));
  };
  const pressed = (event: KeyboardEvent) => {
    const next = nextStop(event.key, at ?? 0, stops.length);
    if (next === undefined) return;
    event.preventDefault();
    onMove(next);
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={`Read out: ${name}`}
      aria-valuemin={1}
      aria-valuemax={stops.length}
      aria-valuenow={(at ?? 0) + 1}
      aria-valuetext={stops[Math.min(at ?? 0, stops.length - 1)].lines.join(", ")}
      onPointerMove={pointed}
      onPointerDown={pointed}
      onPointerLeave={() => { onMove(null); }}
      onFocus={(event) => { if (event.currentTarget.matches(":focus-visible")) onMove(at ?? 0); }}
      onBlur={() => { onMove(null); }}
      onKeyDown={pressed}
      className="absolute inset-0 cursor-crosshair touch-pan-y rounded-[4px]"
    />
  );
}

function Pointer({ stop, span }: { stop: Stop; span: [number, number] }) {
  if (stop.y !== undefined) return <circle cx={stop.x} cy={stop.y} r={5} className="fill-none stroke-ink" strokeWidth={1.5} />;
  return <line x1={stop.x} x2={stop.x} y1={span[0]} y2={span[1]} className="stroke-ink" strokeWidth={1} />;
}

function ReadOut({ stop, width, height }: { stop: Stop; width: number; height: number }) {
  const right = stop.x > width / 2;
  const side = right ? { right: width - stop.x + 10 } : { left: stop.x + 10 };
  const top = stop.y === undefined ? 4 : clamp(stop.y - 14, 0, height - 18 * stop.lines.length - 8);
  return (
    <div aria-hidden className="numeric pointer-events-none absolute z-10 max-w-56 rounded-chip border border-line bg-surface px-2 py-1 text-caption whitespace-nowrap shadow-float" style={{ ...side, top }}>
      {stop.lines.map((line, index) => <div key={index} className={index === 0 ? "font-medium" : "text-muted"}>{line}</div>)}
    </div>
  );
}

/** The stop next to a point: by both coordinates where the stops are points, else by x. */
export function nearest(stops: readonly Stop[], x: number, y: number): number | null {
  let best: number | null = null;
  let least = Infinity;
  stops.forEach((stop, index) => {
    const distance = (stop.x - x) ** 2 + (stop.y === undefined ? 0 : (stop.y - y) ** 2);
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

const FAR = 16;

/** Where a key moves the slider; nothing for other keys. */
export function nextStop(key: string, at: number, length: number): number | undefined {
  const moves: Record<string, number> = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, PageUp: at + FAR, PageDown: at - FAR, Home: 0, End: length - 1 };
  return Object.hasOwn(moves, key) ? clamp(moves[key], 0, length - 1) : undefined;
}
