import coffee from "@/assets/samples/coffee.png";
import portrait from "@/assets/samples/portrait.png";
import retina from "@/assets/samples/retina.png";

export interface Sample {
  name: string;
  file: string;
  alt: string;
  src: string;
  width: number;
  height: number;
}

/** Small PNG files, so that their pixels are encrypted and everything can be measured. From samples/, made smaller. */
export const SAMPLES: Sample[] = [
  { name: "Portrait", file: "portrait.png", alt: "An astronaut in an orange suit", src: portrait, width: 240, height: 240 },
  { name: "Retina", file: "retina.png", alt: "The back of an eye", src: retina, width: 240, height: 240 },
  { name: "Coffee", file: "coffee.png", alt: "A cup of coffee", src: coffee, width: 270, height: 180 },
];

export async function fileOf({ file, src }: Sample): Promise<File> {
  const answer = await fetch(src);
  if (!answer.ok) throw new Error(`${file} could not be loaded`);
  return new File([await answer.blob()], file, { type: "image/png" });
}
