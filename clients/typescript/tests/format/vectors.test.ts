import { describe, expect, it } from "vitest";
import { readVectors } from "./files.ts";
import { expected, run, type Vector } from "./vector.ts";

const images = new Map(readVectors("images").map((vector) => [vector.name, vector]));
const keyFiles = readVectors("key_files");
const detached = readVectors("detached");

function imageOf(name: string): Vector {
  const image = images.get(name);
  if (image === undefined) throw new Error(`there is no vector ${name}`);
  return image;
}

describe("the vectors of the format", () => {
  it("are all there", () => {
    expect(images.size).toBeGreaterThanOrEqual(424);
    expect(keyFiles.length).toBeGreaterThanOrEqual(145);
    expect(detached.length).toBeGreaterThanOrEqual(100);
  });

  it.each([...images.values(), ...keyFiles, ...detached])("$name", async (vector) => {
    expect(await run(vector, imageOf)).toMatchObject(expected(vector));
  });
});
