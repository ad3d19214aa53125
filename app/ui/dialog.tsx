import { useEffect, useId, useRef, type ReactNode } from "react";
import { Button } from "#app/ui/button.tsx";

type Props = {
  open: boolean;
  title: string;
  children: ReactNode;
  confirm: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
};

/** Asks once before something that cannot be undone. Escape and Cancel leave everything as it is. */
export function ConfirmDialog({ open, title, children, confirm, busy = false, onConfirm, onClose }: Props) {
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
            <Button onClick={onClose}>Cancel</Button>
            <Button look="danger" onClick={onConfirm} disabled={busy}>
              {confirm}
            </Button>
          </div>
        </>
      )}
    </dialog>
  );
}
