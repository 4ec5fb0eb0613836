import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useOpener } from "@/widgets/opener";
import { Kbd } from "@/widgets/tone";

const GROUPS: { name: string; keys: [string[], string][] }[] = [
  {
    name: "Everywhere",
    keys: [
      [["⌘K"], "search and commands"],
      [["1", "…", "6"], "go to a screen; 3 is Approvals"],
      [["A"], "resume all, or pause all"],
      [["?"], "this help"],
      [["Esc"], "close, or back"],
    ],
  },
  {
    name: "Lists",
    keys: [
      [["j", "k"], "next, previous"],
      [["g", "G"], "first, last"],
      [["Enter"], "open"],
      [["/"], "filter sessions"],
      [["."], "show new sessions"],
    ],
  },
  {
    name: "Session",
    keys: [
      [["f"], "follow the newest step"],
      [["t"], "transcript, steps, waterfall"],
      [["[", "]"], "previous, next intervention"],
      [["e", "E"], "next, previous error"],
      [["z"], "fold or open what repeats"],
      [["s"], "what its rules read"],
    ],
  },
  {
    name: "A live session",
    keys: [
      [["Space"], "pause, resume"],
      [["n", "N"], "step, step over tools"],
      [["i"], "inject a message"],
      [["m"], "switch the model"],
      [["b"], "breakpoints"],
    ],
  },
  {
    name: "Approvals: 3 a answers from anywhere",
    keys: [
      [["j", "k"], "next, previous question"],
      [["a"], "approve"],
      [["x"], "deny, then a reason and Enter"],
      [["e"], "edit, ⌘Enter approves the edit"],
    ],
  },
  {
    name: "Step",
    keys: [
      [["h", "l"], "previous, next tab"],
      [["d"], "truth: what was changed"],
      [["p"], "policy: what was done and why"],
      [["⌘M"], "make a rule from this step"],
    ],
  },
];

export function Help({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const giveBack = useOpener(open);
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/30" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          className="fixed top-[14%] left-1/2 z-50 w-[620px] -translate-x-1/2 rounded border border-edge bg-raised p-4 shadow-xl"
        >
          <div className="mb-3 flex items-center">
            <Dialog.Title className="font-semibold">Keyboard</Dialog.Title>
            <Dialog.Close aria-label="Close" className="ml-auto rounded p-1 text-muted hover:bg-hover">
              <X size={14} />
            </Dialog.Close>
          </div>
          <div className="grid grid-cols-2 gap-x-8 gap-y-4">
            {GROUPS.map((group) => (
              <section key={group.name}>
                <h3 className="mb-1 text-muted text-sm">{group.name}</h3>
                <dl>
                  {group.keys.map(([keys, does]) => (
                    <div key={does} className="flex h-7 items-center gap-2">
                      <dt className="flex w-[72px] shrink-0 gap-1">
                        {keys.map((key) => (key === "…" ? <span key={key}>…</span> : <Kbd key={key}>{key}</Kbd>))}
                      </dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <p className="mt-3 text-muted text-sm">Single letters are off while you type.</p>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
