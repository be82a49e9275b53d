import { FolderOpen, type LucideIcon } from "lucide-react";
import { useEffect, useId, useRef, useState, type ChangeEvent, type DragEvent, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { filesOf } from "@/lib/files.ts";
import { buttonClass } from "@/ui/button.tsx";

interface Props {
  /** Names the input: "Pictures to encrypt". */
  label: string;
  title: string;
  /** Below the title. */
  hint?: ReactNode;
  /** At the bottom: formats and limits. */
  limits?: ReactNode;
  icon: LucideIcon;
  /** The color of the icon: amber asks for your picture, iris for an encrypted one. */
  tone?: "amber" | "iris" | "plain";
  accept?: string;
  multiple?: boolean;
  /** Offer a folder as well. */
  folder?: boolean;
  /** Take pictures pasted anywhere in the page. */
  paste?: boolean;
  chooseLabel?: string;
  chooseKind?: "ink" | "outline";
  /** More buttons beside "Choose files". */
  actions?: ReactNode;
  onFiles: (files: File[]) => void;
  compact?: boolean;
  className?: string;
}

const TONES = { amber: "bg-amber-tint text-amber", iris: "bg-iris-tint text-iris", plain: "bg-raised text-ink" };

/** A drop zone that is also a labeled file input; takes folders, and pictures from the clipboard. */
export function FileDrop({ onFiles, paste, compact, className, ...props }: Props) {
  const { over, zone } = useDrop(onFiles);
  usePaste(paste === true, onFiles);
  const Icon = props.icon;
  return (
    <div {...zone} className={cx("flex flex-col items-center justify-center rounded-card border border-dashed bg-surface px-4 text-center transition-colors", compact ? "py-6" : "min-h-[404px] py-10 max-md:min-h-[238px] max-md:py-6", over ? "border-ink bg-raised" : "border-control", className)}>
      <span className={cx("flex items-center justify-center rounded-card", compact ? "mb-3 size-10" : "mb-4 size-14", TONES[props.tone ?? "plain"])}>
        <Icon aria-hidden className={compact ? "size-5" : "size-7"} strokeWidth={1.5} />
      </span>
      <p className={cx("font-semibold", compact ? "text-body" : "text-[18px] leading-6 tracking-[-0.012em]")}>{props.title}</p>
      {props.hint && <p className="mt-1 text-muted">{props.hint}</p>}
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        <Chooser label={props.label} accept={props.accept} multiple={props.multiple} kind={props.chooseKind ?? "ink"} onFiles={onFiles}>
          {props.chooseLabel ?? (props.multiple ? "Choose files" : "Choose a file")}
        </Chooser>
        {props.folder && <Chooser label={`${props.label}, a whole folder`} folder kind="outline" onFiles={onFiles}>Choose a folder</Chooser>}
        {props.actions}
      </div>
      {props.limits && <p className="mt-4 text-dense text-muted">{props.limits}</p>}
    </div>
  );
}

interface ChooserProps {
  label: string;
  accept?: string | undefined;
  multiple?: boolean | undefined;
  folder?: boolean;
  /** Take a photo, where there is a camera. */
  capture?: boolean;
  kind?: "ink" | "outline";
  size?: "small" | "medium";
  icon?: LucideIcon;
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

/** A file input that looks like a button. */
export function Chooser({ label, accept, multiple, folder, capture, kind = "outline", size = "medium", icon: Icon = FolderOpen, onFiles, children }: ChooserProps) {
  const id = useId();
  const changed = (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])];
    // The same file can be chosen again.
    event.target.value = "";
    if (files.length > 0) onFiles(files);
  };
  return (
    <span className="relative inline-flex">
      <input id={id} type="file" aria-label={label} accept={accept} multiple={multiple === true || folder === true} {...(folder && { webkitdirectory: "" })} {...(capture && { capture: "environment" as const })} onChange={changed} onKeyDown={openByEnter} className="peer absolute size-px opacity-0" />
      <label htmlFor={id} className={cx(buttonClass({ kind, size }), "peer-focus-visible:outline-2 peer-focus-visible:outline-offset-1 peer-focus-visible:outline-iris")}>
        {size === "medium" && <Icon aria-hidden className="size-4" strokeWidth={1.75} />}
        {children}
      </label>
    </span>
  );
}

/** In a form, Enter on a file input would send the form. */
function openByEnter(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key !== "Enter") return;
  event.preventDefault();
  event.currentTarget.click();
}

function useDrop(onFiles: (files: File[]) => void) {
  const [over, setOver] = useState(false);
  const zone = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => {
      setOver(false);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      void filesOf(event.dataTransfer).then((files) => {
        if (files.length > 0) onFiles(files);
      });
    },
  };
  return { over, zone };
}

function usePaste(on: boolean, onFiles: (files: File[]) => void): void {
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  });
  useEffect(() => {
    if (!on) return;
    const pasted = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      latest.current(files);
    };
    addEventListener("paste", pasted);
    return () => {
      removeEventListener("paste", pasted);
    };
  }, [on]);
}
