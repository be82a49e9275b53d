import { count } from "@/lib/format.ts";
import type { TableData } from "@/ui/charts/data-table.tsx";
import { axisEnd, gapBits, inUnit, likeGap, unitOf, type EntropyGap } from "@/ui/charts/entropy-gap.ts";
import { Plot, type Stop } from "@/ui/charts/plot.tsx";
import { clamp, linear, ticks, type Scale } from "@/ui/charts/scale.ts";
import { Sized } from "@/ui/charts/width.tsx";

const HEIGHT = 92;
const AXIS = 46;
/** The room behind the break. */
const BEYOND = 54;
const LETTER = 6.7;

/** Bits missing to 8 on a straight axis: noise as a band, the encrypted picture on it, the original behind a break. */
export function EntropyAxis({ gap, name }: { gap: EntropyGap; name: string }) {
  return (
    <>
      <Sized>{(width) => <Drawing gap={gap} name={name} width={width} />}</Sized>
      <p className="text-caption text-muted">{unitOf(gap).name} missing to 8{gap.expected !== null && gap.spread !== null && <>; shaded: noise, <span className="numeric">{inUnit(gap.expected, unitOf(gap))} ± {inUnit(gap.spread, unitOf(gap))}</span></>}</p>
    </>
  );
}

function Drawing({ gap, name, width }: { gap: EntropyGap; name: string; width: number }) {
  const unit = unitOf(gap);
  const end = axisEnd(gap);
  const x = linear([0, end], [0, width - BEYOND]);
  const places = { yours: placeOf(gap.original, end, x, width - 8), encrypted: placeOf(gap.encrypted, end, x, width - BEYOND + 24) };
  const broken = gap.original > end || gap.encrypted > end;
  return (
    <Plot name={name} sentence={entropySentence(gap)} width={width} height={HEIGHT} stops={stopsOf(gap, x, places)}>
      {gap.expected !== null && gap.spread !== null && <Band from={x(Math.max(0, gap.expected - gap.spread))} to={x(gap.expected + gap.spread)} />}
      <line x1={0} x2={broken ? width - BEYOND + 4 : width - BEYOND} y1={AXIS} y2={AXIS} className="stroke-control" />
      {ticks(0, end, 4).map((tick) => <Tick key={tick} x={x(tick)} text={count(Number((tick / unit.size).toPrecision(6)))} first={tick === 0} />)}
      {broken && <Break x={width - BEYOND + 4} end={width - 8} />}
      <Yours x={places.yours} text={inUnit(gap.original, unit)} width={width} />
      <Encrypted x={places.encrypted} beyond={gap.encrypted > end} text={`Encrypted ${inUnit(gap.encrypted, unit)}`} most={width - "Your picture".length * LETTER - 12} />
    </Plot>
  );
}

const Band = ({ from, to }: { from: number; to: number }) => <rect x={from} y={AXIS - 15} width={to - from} height={30} rx={3} className="fill-iris-tint stroke-iris/40" />;

function Tick({ x, text, first }: { x: number; text: string; first: boolean }) {
  return (
    <>
      <line x1={x + 0.5} x2={x + 0.5} y1={AXIS} y2={AXIS + 5} className="stroke-control" />
      <text x={x} y={AXIS + 34} textAnchor={first ? "start" : "middle"} className="numeric fill-muted">{text}</text>
    </>
  );
}

function Break({ x, end }: { x: number; end: number }) {
  return (
    <g className="stroke-control">
      <path d={`M${x} ${AXIS + 6}l4 -12M${x + 5} ${AXIS + 6}l4 -12`} />
      <line x1={x + 7} x2={end} y1={AXIS} y2={AXIS} />
    </g>
  );
}

function Yours({ x, text, width }: { x: number; text: string; width: number }) {
  const anchor = x > width - 60 ? "end" : "middle";
  const at = anchor === "end" ? width : Math.max(x, 42);
  return (
    <g className="fill-amber">
      <text x={at} y={14} textAnchor={anchor} className="font-semibold">Your picture</text>
      <text x={at} y={30} textAnchor={anchor} className="numeric">{text}</text>
      <circle cx={x} cy={AXIS} r={4.5} className="stroke-surface" strokeWidth={1.5} />
    </g>
  );
}

function Encrypted({ x, beyond, text, most }: { x: number; beyond: boolean; text: string; most: number }) {
  const half = (text.length * LETTER) / 2;
  return (
    <g className="fill-iris">
      <text x={clamp(x, half, most - half)} y={14} textAnchor="middle" className="numeric font-semibold">{text}</text>
      {!beyond && <path d={`M${x} ${AXIS - 22}V${AXIS - 8}M${x} ${AXIS + 8}V${AXIS + 12}`} className="stroke-iris" strokeWidth={2} />}
      <circle cx={x} cy={AXIS} r={5} className="stroke-surface" strokeWidth={1.5} />
    </g>
  );
}

const placeOf = (value: number, end: number, x: Scale, beyond: number): number => (value > end ? beyond : x(value));

function stopsOf(gap: EntropyGap, x: Scale, places: { yours: number; encrypted: number }): Stop[] {
  const noise = gap.expected === null || gap.spread === null ? [] : [{ x: x(gap.expected), y: AXIS, lines: [`Noise ${gapBits(gap.expected)} bits`, `± ${likeGap(gap.spread, gap.expected)}`] }];
  return [{ x: places.encrypted, y: AXIS, lines: [`Encrypted ${gapBits(gap.encrypted)} bits`] }, ...noise, { x: places.yours, y: AXIS, lines: [`Your picture ${gapBits(gap.original)} bits`] }];
}

const noiseText = ({ expected, spread }: EntropyGap): string => (expected === null || spread === null ? "not compared" : `${gapBits(expected)} ± ${likeGap(spread, expected)}`);

export const entropySentence = (gap: EntropyGap): string => `Bits per byte missing to 8: encrypted ${gapBits(gap.encrypted)}, noise ${noiseText(gap)}, your picture ${gapBits(gap.original)}.`;

export const entropyTable = (gap: EntropyGap): TableData => ({
  caption: "Entropy per byte and what is missing to 8 bits",
  columns: ["Bytes of", "Bits missing to 8", "Bits per byte"],
  rows: [
    ["Encrypted", gapBits(gap.encrypted), (8 - gap.encrypted).toFixed(6)],
    ["Noise", noiseText(gap), gap.expected === null ? "–" : (8 - gap.expected).toFixed(6)],
    ["Your picture", gapBits(gap.original), (8 - gap.original).toFixed(6)],
  ],
});
