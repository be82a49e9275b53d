import { X } from "lucide-react";
import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { IconButton } from "@/ui/button.tsx";

interface ModalProps {
  open: boolean;
  /** Escape, the backdrop, the cross. Left out: only an answer closes it. */
  onClose?: (() => void) | undefined;
  className: string;
  titleId?: string;
  label?: string;
  children: ReactNode;
}

/** The browser's own modal: it traps the focus, gives it back, and inserts no style element that the policy would refuse. */
export const Modal = ({ open, ...props }: ModalProps) => (open ? <OpenModal {...props} /> : null);

function OpenModal({ onClose, className, titleId, label, children }: Omit<ModalProps, "open">) {
  const dialog = useRef<HTMLDialogElement>(null);
  // An element that has left the document gives no focus back, so it is closed before.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose?.();
      }}
      className={cx("max-w-none bg-surface p-0 text-ink shadow-float", className)}
    >
      {children}
    </dialog>
  );
}

interface DialogProps {
  open: boolean;
  onClose?: () => void;
  title: ReactNode;
  children?: ReactNode;
  /** Buttons: the safe choice first. */
  actions?: ReactNode;
}

/** A question, 440 wide. */
export function Dialog({ open, onClose, title, children, actions }: DialogProps) {
  const id = useId();
  return (
    <Modal open={open} onClose={onClose} titleId={id} className="m-auto w-[min(440px,calc(100vw-32px))] rounded-card">
      <div className="p-5">
        <h2 id={id} className="mb-1.5 text-lead font-semibold">{title}</h2>
        <div className="text-dense text-muted">{children}</div>
      </div>
      {actions && <div className="flex flex-wrap justify-end gap-2 border-t border-line bg-raised px-5 py-3">{actions}</div>}
    </Modal>
  );
}

const SIDES = {
  left: "m-0 h-dvh max-h-none w-[min(288px,calc(100vw-56px))]",
  right: "my-0 mr-0 ml-auto h-dvh max-h-none w-[min(520px,100vw)]",
  below: "mx-0 mt-auto mb-0 max-h-[85dvh] w-screen rounded-t-card",
};

/** A panel from the left (navigation), from the right (one of a list) or from below (options on phones). */
export function Sheet({ open, onClose, title, from, children }: { open: boolean; onClose: () => void; title: string; from: keyof typeof SIDES; children: ReactNode }) {
  return (
    <Modal open={open} onClose={onClose} label={title} className={SIDES[from]}>
      {from !== "left" && (
        <header className="flex items-center justify-between border-b border-line py-1 pr-1 pl-5">
          <h2 className="text-card">{title}</h2>
          <IconButton icon={X} label="Close" onClick={onClose} />
        </header>
      )}
      <div className={from === "left" ? "h-full" : "p-5"}>{children}</div>
    </Modal>
  );
}
