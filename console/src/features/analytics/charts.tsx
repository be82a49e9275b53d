import type { Analysis } from "@imageshield/client";
import { useState } from "react";
import { count } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { lowerFirst, pSentence, signed, upperFirst } from "@/lib/measures.ts";
import { ChartCard, CriticalLine, criticalTable, EntropyAxis, entropyTable, gapBits, Histogram, histogramTable, likeGap, Scatter, scatterTable, Sized, type Critical, type EntropyGap } from "@/ui/charts/index.ts";
import { Segmented, type Segment } from "@/ui/choice.tsx";
import { PictureKey } from "@/ui/picture.tsx";

interface Props {
  analysis: Analysis;
}

const testOf = ({ tests }: Analysis, id: string) => tests.find((test) => test.id === id);
const limitOf = (analysis: Analysis, id: string): string => `Does not show ${lowerFirst(testOf(analysis, id)?.does_not_show ?? "how secret the key is.")}`;

export function HistogramCard({ analysis }: Props) {
  const { original, encrypted } = analysis.charts.histogram_comparison;
  const unit = analysis.pictures.encrypted.bit_depth === 16 ? "bytes" : "samples";
  const title = "How often each value occurs";
  return (
    <ChartCard title={title} note={histogramNote(original, encrypted, unit)} table={histogramTable(original, encrypted)}>
      <Histogram name={title} original={original} encrypted={encrypted} unit={unit} />
    </ChartCard>
  );
}

function histogramNote(original: number[], encrypted: number[], unit: string): string {
  const [ours, theirs] = [original, encrypted].map((counts) => counts.reduce((sum, one) => sum + one, 0));
  const even = theirs / 256;
  const noise = `${count(Math.round(even))} ± ${count(Math.round(Math.sqrt(even)))}`;
  if (ours === theirs) return `${upperFirst(unit)} for each of the 256 values. Noise of this size: ${noise}.`;
  return `In multiples of an even spread, as the encrypted picture has another size. Noise of its size: ${noise} ${unit} a value.`;
}

export function EntropyCard({ analysis }: Props) {
  const gauge = analysis.charts.entropy_gauge;
  const gap: EntropyGap = { encrypted: gauge.gap, original: gauge.max - analysis.metrics.entropy.original, expected: gauge.gap_expected, spread: gauge.gap_sd === null ? null : 2 * gauge.gap_sd };
  const p = testOf(analysis, "entropy")?.p_value ?? null;
  const title = "Bits missing to 8";
  return (
    <ChartCard title={title} note="Entropy per byte, seen from the top of its scale" table={entropyTable(gap)} compact foot={limitOf(analysis, "entropy")}>
      <p className="mb-4 flex flex-wrap items-baseline gap-x-2">
        <span className="numeric text-number">{gapBits(gap.encrypted)}</span>
        <span className="numeric text-caption text-muted">{noiseOf(gap)}{p === null ? "" : `, ${pSentence(p)}`}</span>
      </p>
      <EntropyAxis gap={gap} name={title} />
    </ChartCard>
  );
}

const noiseOf = ({ expected, spread }: EntropyGap): string => (expected === null || spread === null ? "not compared with noise" : `noise ${gapBits(expected)} ± ${likeGap(spread, expected)}`);

type Direction = "horizontal" | "vertical" | "diagonal";
const DIRECTIONS: Segment<Direction>[] = [{ value: "horizontal", name: "Right" }, { value: "vertical", name: "Below" }, { value: "diagonal", name: "Diagonal" }];
const NEIGHBORS: Record<Direction, string> = { horizontal: "to the right", vertical: "below", diagonal: "below to the right" };

export function ScatterCard({ analysis }: Props) {
  const [direction, setDirection] = useState<Direction>("horizontal");
  const scatter = analysis.charts.correlation_scatter;
  const [ours, theirs] = [scatter[`original_${direction}`], scatter[`encrypted_${direction}`]];
  const { original, encrypted } = analysis.metrics.correlation;
  const neighbor = NEIGHBORS[direction];
  const sd = testOf(analysis, `correlation_${direction}`)?.sd ?? null;
  return (
    <ChartCard
      title="Does a sample tell its neighbor?"
      note={`${count(Math.min(700, theirs.x.length))} pairs drawn; r is of all ${count(pairsOf(analysis, direction))}. A line: yes. A cloud: no.`}
      aside={<Segmented legend="Neighbor" segments={DIRECTIONS} value={direction} onChange={setDirection} />}
      table={scatterTable(ours, theirs, neighbor)}
    >
      <Sized className="grid grid-cols-2 max-md:gap-3">
        {(width) => {
          const size = Math.floor(Math.min(300, (width - 12) / 2));
          return (
            <>
              <Cloud whose="yours" pairs={ours} r={original[direction]} neighbor={neighbor} size={size} />
              <Cloud whose="encrypted" pairs={theirs} r={encrypted[direction]} neighbor={neighbor} size={size} />
            </>
          );
        }}
      </Sized>
      <p className="mt-3 text-caption text-muted">{sd === null ? "Not compared with noise." : <>Noise: <span className="numeric">r = 0 ± {sd.toFixed(5)}</span>.</>} {limitOf(analysis, `correlation_${direction}`)}</p>
    </ChartCard>
  );
}

interface CloudProps {
  whose: "yours" | "encrypted";
  pairs: { x: number[]; y: number[]; max: number };
  r: number | null;
  neighbor: string;
  size: number;
}

function Cloud({ whose, pairs, r, neighbor, size }: CloudProps) {
  const phone = usePhone();
  const word = whose === "encrypted" ? "Encrypted" : phone ? "Yours" : "Your picture";
  return (
    <figure style={{ width: size }}>
      <Scatter pairs={pairs} whose={whose} name={whose === "yours" ? "Your picture" : "Encrypted"} neighbor={neighbor} size={size} />
      <figcaption className="mt-2.5 flex items-baseline justify-between gap-2 text-dense">
        <PictureKey whose={whose}>{word}</PictureKey>
        <span className="numeric font-medium whitespace-nowrap">{r === null ? "no spread" : `r = ${signed(r, phone ? 3 : 5)}`}</span>
      </figcaption>
    </figure>
  );
}

/** Why there is no line: the numbers are missing, or this picture is too small to judge them. */
function NotCompared({ analysis }: Props) {
  const { npcr, uaci } = analysis.metrics;
  const reason = testOf(analysis, "npcr_between_ciphertexts")?.reason ?? npcr.between_ciphertexts_reason ?? "no reason is given";
  if (npcr.between_ciphertexts === null || uaci.between_ciphertexts === null) return <p className="text-dense text-muted">Not measured: {reason}.</p>;
  return (
    <>
      <p className="numeric text-dense">{npcr.between_ciphertexts.toFixed(4)} % <span className="text-muted">of the samples differ (NPCR), by</span> {uaci.between_ciphertexts.toFixed(4)} % <span className="text-muted">of the scale (UACI)</span></p>
      <p className="mt-2 text-dense text-muted">Not compared with noise: {reason}.</p>
    </>
  );
}

/** Pairs of neighbors in the encrypted picture, each channel counted. */
function pairsOf({ pictures: { encrypted } }: Analysis, direction: Direction): number {
  const columns = encrypted.width - (direction === "vertical" ? 0 : 1);
  const rows = encrypted.height - (direction === "horizontal" ? 0 : 1);
  return Math.max(0, columns) * Math.max(0, rows) * encrypted.channels;
}

interface Line {
  name: string;
  technical: string;
  p: number | null;
  critical: Critical | null;
}

function lineOf(analysis: Analysis, kind: "npcr" | "uaci", name: string): Line {
  const test = testOf(analysis, `${kind}_between_ciphertexts`);
  const bounds = analysis.metrics[kind].critical ?? {};
  const base = { name, technical: kind.toUpperCase(), p: test?.p_value ?? null };
  if (typeof test?.value !== "number" || test.expected === null || test.sd === null) return { ...base, critical: null };
  return { ...base, critical: { value: test.value, expected: test.expected, sd: test.sd, bounds } };
}

export function DifferenceCard({ analysis }: Props) {
  const lines = [lineOf(analysis, "npcr", "Share that differs"), lineOf(analysis, "uaci", "By how much")];
  const measured = lines.flatMap(({ name, critical }) => (critical ? [{ name, critical }] : []));
  const title = "Do two encryptions differ?";
  const foot = measured.length > 0 ? "Shaded: inside the critical value at α = .05. Every twentieth picture of a sound cipher falls outside; the verdict rests on p." : limitOf(analysis, "npcr_between_ciphertexts");
  return (
    <ChartCard title={title} note="Encrypted twice more, one sample changed by its lowest bit" table={criticalTable(measured)} compact foot={foot}>
      {measured.length === 0 && <NotCompared analysis={analysis} />}
      {lines.map(({ name, technical, p, critical }) => critical && (
        <div key={name} className="mb-5">
          <p className="mb-3 flex items-baseline justify-between gap-2 text-dense">
            <span><span className="font-medium">{name}</span> <span className="text-muted">{technical}</span></span>
            <span className="numeric text-muted">{pSentence(p)}</span>
          </p>
          <CriticalLine name={name} critical={critical} />
        </div>
      ))}
    </ChartCard>
  );
}
