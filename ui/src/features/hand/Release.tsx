// The foot of an editor: send it on, or leave it as it was.
type Props = { word: string; off: string | null; busy: boolean; onClose: () => void };

export function Release({ word, off, busy, onClose }: Props) {
  return (
    <div className="flex items-center gap-1.5">
      <button
        type="submit"
        disabled={busy}
        aria-disabled={off !== null}
        title={off ?? `${word} ( ⌘Enter )`}
        className={`h-6 rounded border px-2 text-sm ${
          off === null ? "border-ok-line bg-ok-soft text-ok" : "!cursor-default border-line text-faint"
        }`}
      >
        {word}
      </button>
      <button
        type="button"
        onClick={onClose}
        className="h-6 rounded border border-line bg-canvas px-2 text-sm hover:bg-hover"
      >
        Cancel
      </button>
      {off !== null && <span className="truncate text-muted text-sm">{off}</span>}
    </div>
  );
}
