// A small window over the screen for one act: what it is, its fields, what went wrong, and the button that does it.
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useOpener } from "./opener";
import { Failure } from "./states";

type Props = {
  title: string;
  says?: ReactNode;
  onClose: () => void;
  /** Shown where it happened. */
  error?: unknown;
  width?: number;
  children: ReactNode;
  footer?: ReactNode;
  /** Enter in a field, or the submit button. */
  onSubmit?: () => void;
};

export function Sheet({ title, says, onClose, error, width = 460, children, footer, onSubmit }: Props) {
  const giveBack = useOpener(true);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/30" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          style={{ width }}
          className="fixed top-[10%] left-1/2 z-50 flex max-h-[82vh] max-w-[94vw] -translate-x-1/2 flex-col rounded border border-edge bg-raised shadow-xl"
        >
          <form
            className="flex min-h-0 flex-1 flex-col"
            onSubmit={(event) => {
              event.preventDefault();
              onSubmit?.();
            }}
          >
            <div className="flex shrink-0 items-center px-4 pt-3 pb-1">
              <Dialog.Title className="font-semibold">{title}</Dialog.Title>
              <Dialog.Close aria-label="Close" className="ml-auto rounded p-1 text-muted hover:bg-hover">
                <X size={14} />
              </Dialog.Close>
            </div>
            {says !== undefined && <p className="px-4 pb-2 text-muted text-sm">{says}</p>}
            <div className="min-h-0 flex-1 space-y-3 overflow-y-auto px-4 py-2">{children}</div>
            {error != null && <Failure error={error} />}
            {footer !== undefined && (
              <div className="flex shrink-0 items-center justify-end gap-2 border-line border-t px-4 py-2.5">
                {footer}
              </div>
            )}
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What submits the sheet's form. */
export function Submit({ word, off = false, danger = false }: { word: string; off?: boolean; danger?: boolean }) {
  return (
    <button
      type="submit"
      disabled={off}
      className={`h-7 rounded border px-3 disabled:cursor-default disabled:border-line disabled:bg-transparent disabled:text-faint ${
        danger ? "border-error-line bg-error-soft text-error" : "border-ok-line bg-ok-soft text-ok"
      }`}
    >
      {word}
    </button>
  );
}
