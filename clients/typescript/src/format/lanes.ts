/** The measured lanes of `maximum` in a material (docs/reference/format.md, "Material"). */

import type { Bytes } from "./bytes.ts";
import { PayloadInvalid } from "./failures.ts";
import { bucketBits } from "./permutation.ts";
import type { SealedReader } from "./sealed.ts";
import type { Measured } from "./streams.ts";

const COUNT = 2;
const LENGTH = 8;

interface Place {
  readonly start: number;
  readonly length: number;
  used: number;
}

export class MeasuredLanes implements Measured {
  readonly #reader: SealedReader;
  readonly #lanes: readonly Place[];

  private constructor(reader: SealedReader, lanes: readonly Place[]) {
    this.#reader = reader;
    this.#lanes = lanes;
  }

  /** Reads the lengths, and refuses those that do not fit the payload. */
  static async of(reader: SealedReader, payloadBytes: number, pixels: number): Promise<MeasuredLanes> {
    const buckets = 1 << bucketBits(pixels);
    const lanes = await readPlaces(reader, 2 + buckets);
    if (lanes[0].length !== payloadBytes || lanes[1].length !== (buckets > 1 ? pixels : 0)) {
      throw new PayloadInvalid("The lanes of picture or bucket bytes are longer or shorter than the picture");
    }
    return new MeasuredLanes(reader, lanes);
  }

  async xor(lane: number, at: number, target: Bytes): Promise<void> {
    const place = this.#lanes[lane];
    if (at + target.length > place.length) throw new PayloadInvalid("A lane is too short for its bucket");
    await this.#reader.xor(place.start + at, target);
    place.used = at + target.length;
  }

  finish(): void {
    if (this.#lanes.some(({ used, length }) => used !== length)) throw new PayloadInvalid("A lane was not consumed exactly");
  }
}

async function readPlaces(reader: SealedReader, count: number): Promise<Place[]> {
  if ((await readNumber(reader, 0, COUNT)) !== count) throw new PayloadInvalid("Another number of lanes than the picture has");
  const lanes: Place[] = [];
  let at = COUNT;
  for (let i = 0; i < count; i++) {
    const lane = { start: at + LENGTH, length: await readNumber(reader, at, LENGTH), used: 0 };
    lanes.push(lane);
    at = lane.start + lane.length;
  }
  if (at !== reader.size) throw new PayloadInvalid("The material is longer or shorter than its lanes");
  return lanes;
}

async function readNumber(reader: SealedReader, at: number, size: number): Promise<number> {
  if (at + size > reader.size) throw new PayloadInvalid("The material is shorter than its lanes");
  return (await reader.read(at, size)).reduce((value, byte) => value * 256 + byte, 0);
}
