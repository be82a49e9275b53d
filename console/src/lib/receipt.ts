/** Where the bits of a key came from, as its receipt states it (docs/reference/receipts.md). */
export interface Provenance {
  source: string;
  kind: "simulated" | "hardware" | "os";
  measured: number;
  credited: number;
  system: number;
  /** How many seeds: each has 512 bits of the system. */
  seeds: number;
  seedBits: number;
  segments: number;
  strength: number;
  function: string;
  health: Health;
  degraded: boolean;
  signed: boolean;
  statement: Record<string, unknown>;
}

/** What was tested, and from which value on each test raises an alarm; null where a test was not run. */
export interface Health {
  verdict: string;
  test: string | null;
  samples: number | null;
  repetition: number | null;
  proportion: number | null;
  balance: number | null;
}

const SYSTEM_BITS = 512;
const KINDS = new Set(["simulated", "hardware", "os"]);

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Read a receipt; null if it is none. */
export function provenanceOf(receipt: string): Provenance | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(receipt);
  } catch {
    return null;
  }
  const { statement, signature_b64 } = fields(parsed);
  if (!isFields(statement) || statement.format !== "imageshield-entropy-statement") return null;
  const { source, system, conditioning, health, segments, lanes } = statement;
  const parts = [statement.raw, segments, lanes].map(fields);
  const kind = text(fields(source).kind);
  if (!KINDS.has(kind)) return null;
  return {
    source: text(fields(source).name),
    kind: kind as Provenance["kind"],
    measured: parts.reduce((sum, part) => sum + number(part.bits), 0),
    credited: parts.reduce((sum, part) => sum + number(part.credited_bits), 0),
    system: number(fields(system).bits),
    seeds: Math.round(number(fields(system).bits) / SYSTEM_BITS),
    seedBits: number(fields(conditioning).seed_bits),
    segments: number(fields(segments).seeds),
    strength: number(fields(conditioning).strength_bits),
    function: text(fields(conditioning).function).toUpperCase(),
    health: healthOf(fields(health)),
    degraded: statement.degraded === true,
    signed: typeof signature_b64 === "string",
    statement,
  };
}

function healthOf(health: Fields): Health {
  const known = (name: string): number | null => (typeof health[name] === "number" ? health[name] : null);
  return {
    verdict: text(health.verdict),
    test: typeof health.test === "string" ? health.test : null,
    samples: known("samples"),
    repetition: known("repetition_count_cutoff"),
    proportion: known("adaptive_proportion_cutoff"),
    balance: known("balance_cutoff"),
  };
}
