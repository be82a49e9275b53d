import { useNavigate } from "@tanstack/react-router";
import { useReducer, useState } from "react";
import { Chosen } from "@/features/encrypt/chosen.tsx";
import { draw, EMPTY } from "@/features/encrypt/regions/drawing.ts";
import { Empty } from "@/features/encrypt/start.tsx";
import { upload } from "@/features/encrypt/submission.ts";
import { FIRST_CHOICES, type Choices } from "@/lib/choices.ts";
import { carry } from "@/lib/carry.ts";
import { look, type Look } from "@/lib/intake.ts";
import { useUpload } from "@/lib/upload.ts";

/** The page before there is a job: choose a picture, then how. */
export function Draft() {
  const sending = useUpload(upload);
  const [choices, setChoices] = useState<Choices>(() => sending?.what.choices ?? FIRST_CHOICES);
  const [drawing, dispatch] = useReducer(draw, EMPTY);
  const [chosen, setChosen] = useState<Look | null>(null);
  const navigate = useNavigate();
  const change = (part: Partial<Choices>) => { setChoices((before) => ({ ...before, ...part })); };

  const take = async (files: File[]) => {
    if (files.length > 1) {
      carry("batch", files);
      await navigate({ to: "/batch" });
      return;
    }
    const file = files.at(0);
    if (!file) return;
    const seen = await look(file);
    dispatch({ type: "clear" });
    setChosen(seen);
  };
  const onFiles = (files: File[]) => void take(files);
  if (chosen?.kind === "picture") {
    return <Chosen {...{ picture: chosen, choices, drawing, dispatch, sending, onFiles }} onChoices={change} onDrop={() => { setChosen(null); }} />;
  }
  return <Empty refused={chosen} choices={choices} onChoices={change} onFiles={onFiles} />;
}
