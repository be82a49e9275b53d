import { count } from "@/lib/format.ts";
import type { TableData } from "@/ui/charts/data-table.tsx";
import { Plot } from "@/ui/charts/plot.tsx";
import { linear } from "@/ui/charts/scale.ts";

export interface Pairs {
  x: number[];
  y: number[];
  /** The greatest value of a sample. */
  max: number;
}

interface Props {
  pairs: Pairs;
  whose: "yours" | "encrypted";
  /** "Your picture" and what the other sample is: "to the right". */
  name: string;
  neighbor: string;
  size: number;
}

const MARGIN = 6;
const MOST = 700;

/** Each dot is a sample (across) and its neighbor (up): a line if one tells the other, a cloud if not. */
export function Scatter({ pairs, whose, name, neighbor, size }: Props) {
  const scale = linear([0, pairs.max], [MARGIN, size - MARGIN]);
  const dots = drawn(pairs);
  const stops = dots.map(([x, y]) => ({ x: scale(x), y: size - scale(y), lines: [`Sample ${count(x)}`, `${neighbor} ${count(y)}`] }));
  return (
    <Plot name={name} sentence={`${name}: ${count(dots.length)} samples across, their neighbors ${neighbor} up. ${describe(dots, pairs.max)}`} width={size} height={size} stops={stops}>
      <rect x={0.5} y={0.5} width={size - 1} height={size - 1} rx={8} className="fill-none stroke-line" />
      {[1, 2].map((third) => {
        const at = Math.round((size * third) / 3) + 0.5;
        return <path key={third} d={`M${at} 1V${size - 1}M1 ${at}H${size - 1}`} className="stroke-hairline" />;
      })}
      <g className={whose === "yours" ? "fill-amber" : "fill-iris"} fillOpacity={0.62}>
        {stops.map((stop, index) => <circle key={index} cx={stop.x} cy={stop.y} r={1.3} />)}
      </g>
    </Plot>
  );
}

/** At most 700 of the pairs, evenly chosen, from the smallest sample to the greatest, so that arrows read them in order. */
export function drawn({ x, y }: Pairs): [number, number][] {
  const kept = Math.min(MOST, x.length);
  const chosen = Array.from({ length: kept }, (_, index) => Math.floor((index * x.length) / kept));
  return chosen.map((index): [number, number] => [x[index], y[index]]).sort((one, other) => one[0] - other[0]);
}

function describe(dots: readonly [number, number][], max: number): string {
  const near = dots.filter(([x, y]) => Math.abs(x - y) <= max / 16).length;
  return dots.length === 0 ? "" : `In ${Math.round((100 * near) / dots.length)} % of them the two differ by at most a sixteenth of the scale.`;
}

export const scatterTable = (original: Pairs, encrypted: Pairs, neighbor: string): TableData => {
  const [ours, theirs] = [drawn(original), drawn(encrypted)];
  const cell = (dots: [number, number][], row: number, part: 0 | 1) => (row < dots.length ? count(dots[row][part]) : "–");
  return {
    caption: `Samples and their neighbors ${neighbor}`,
    columns: ["Pair", "Your picture", `Its neighbor`, "Encrypted", "Its neighbor there"],
    rows: Array.from({ length: Math.max(ours.length, theirs.length) }, (_, row) => [String(row + 1), cell(ours, row, 0), cell(ours, row, 1), cell(theirs, row, 0), cell(theirs, row, 1)]),
  };
};
