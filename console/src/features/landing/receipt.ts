// The job whose pictures and receipt this page shows: samples/astronaut.png, encrypted by the service on a machine with two
// cores. noise.png is the middle of its encrypted picture, 84 × 84 pixels. parts.webp is a part of samples/coffee.png, 180 × 90,
// whose left half the command line has encrypted: --region 0,0,90,90. tests/console/test_public.py verifies the receipt.
import receipt from "./example/receipt.json";
import receiptUrl from "./example/receipt.json?url";
import keysUrl from "./example/jwks.json?url";

/** From 202 to completed, in seconds. */
const SECONDS = 0.31;

const { statement } = receipt;

export const example = {
  receiptUrl,
  keysUrl,
  seconds: SECONDS,
  systemBits: statement.system.bits,
  measuredBits: statement.raw.bits,
  creditedBits: statement.raw.credited_bits,
  seedBits: statement.conditioning.seed_bits,
  qubits: statement.source.description.qubits,
  health: statement.health.verdict,
  statementHash: receipt.statement_sha256,
  imageHash: receipt.image_sha256,
  signer: receipt.signer,
};

/** `c42e94…8717`: the start and the end of a digest. */
export const shortHash = (digest: string): string => `${digest.slice(0, 6)}…${digest.slice(-4)}`;
