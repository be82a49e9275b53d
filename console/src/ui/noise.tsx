import { useEffect, useRef } from "react";

/** Numbers that look random and are the same for the same text (FNV-1a, then xorshift): a drawing, no secret. */
function* numbersOf(text: string): Generator<number> {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  state ||= 1;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

/** Two values averaged, as the cells of a picture that is shown smaller than it is: full contrast would be hard on the eyes. */
const mean = (one: number, other: number): number => ((one & 255) + (other & 255)) / 2;

function draw(canvas: HTMLCanvasElement, seed: string): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(canvas.width, canvas.height);
  const numbers = numbersOf(seed);
  for (let at = 0; at < image.data.length; at += 4) {
    const [one, other] = [numbers.next().value as number, numbers.next().value as number];
    image.data.set([mean(one, other), mean(one >>> 8, other >>> 8), mean(one >>> 16, other >>> 16), 255], at);
  }
  context.putImageData(image, 0, 0);
}

/** A drawing of noise: `columns` × `rows` cells, the same for the same `seed`. It stands for an encrypted picture and is none. */
export function Noise({ columns, rows = columns, seed = "noise", className }: { columns: number; rows?: number; seed?: string; className?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, seed);
  }, [columns, rows, seed]);
  return <canvas ref={canvas} width={columns} height={rows} aria-hidden className={`pixelated block ${className ?? "size-full"}`} />;
}
