import { useEffect, useId, useRef, type ReactNode } from "react";
import { Button } from "#app/ui/button.tsx";

type DialogProps = {
  open: boolean;
  title: string;
  children: ReactNode;
  /** What the button that leaves everything as it is says; Escape does the same. */
  close: string;
  /** Buttons beside that one. */
  actions?: ReactNode;
  onClose: () => void;
};

/** Stands over the page until it is closed. */
export function Dialog({ open, title, children, close, actions, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog?.open) dialog?.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      {open && (
        <>
          <h2 id={titleId}>{title}</h2>
          {children}
          <div className="dialog-actions">
            <Button onClick={onClose}>{close}</Button>
            {actions}
          </div>
        </>
      )}
    </dialog>
  );
}

type ConfirmProps = Omit<DialogProps, "close" | "actions"> & {
  confirm: string;
  busy?: boolean;
  onConfirm: () => void;
};

/** Asks once before something that cannot be undone. Escape and Cancel leave everything as it is. */
export function ConfirmDialog({ confirm, busy = false, onConfirm, ...dialog }: ConfirmProps) {
  const button = (
    <Button look="danger" onClick={onConfirm} disabled={busy}>
      {confirm}
    </Button>
  );
  return <Dialog {...dialog} close="Cancel" actions={button} />;
}
