// Forms of the orders that undo or end: roll back, kill.
import { useState } from "react";
import type { SessionDetail } from "@/bridge";
import { oneLine, plural } from "@/model/format";
import { Check, TextField } from "@/widgets/fields";
import { Sheet, Submit } from "@/widgets/sheet";
import { useOrder } from "./OrderForms";

type RollbackProps = { session: string; exchange: string; onClose: () => void };

export function RollbackForm({ session, exchange, onClose }: RollbackProps) {
  const [text, setText] = useState("");
  const { give, error, busy } = useOrder(session, onClose);
  return (
    <Sheet
      title="Roll back to this step"
      says="The next request goes on from here: the model no longer sees what came after. What the agent's tools did stays done."
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "rollback", exchange, text })}
      footer={<Submit word="Roll back" off={busy} />}
    >
      <TextField
        label="A word to the model"
        lines={3}
        focus
        value={text}
        onValue={setText}
        placeholder="The user rolled this conversation back to here; choose another way."
      />
    </Sheet>
  );
}

export function KillForm({ session, onClose }: { session: SessionDetail; onClose: () => void }) {
  const [text, setText] = useState("");
  const [asError, setAsError] = useState(false);
  const { give, error, busy } = useOrder(session.id, onClose);
  const held = session.held.length;
  return (
    <Sheet
      title="End this session?"
      says={`“${oneLine(session.title).slice(0, 80) || session.agent}”: every later request is answered with your message, without the model. This cannot be taken back.${
        held > 0 ? ` ${plural(held, "held exchange is", "held exchanges are")} answered with it now.` : ""
      }`}
      onClose={onClose}
      error={error}
      onSubmit={() => give({ command: "kill", text, as_error: asError })}
      footer={<Submit word="End the session" danger off={busy} />}
    >
      <TextField
        label="Message"
        lines={3}
        focus
        value={text}
        onValue={setText}
        placeholder="A person ended this session in Switchtower."
      />
      <Check label="As an error, rather than as the model's answer" checked={asError} onChecked={setAsError} />
    </Sheet>
  );
}
