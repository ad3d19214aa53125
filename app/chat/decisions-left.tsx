import { useState, type FormEvent } from "react";
import { decisionKeeper } from "#app/chat/keep-decision.ts";
import type { DecidedMessages } from "#app/chat/use-decisions.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";

type Props = { chatId: string; decided: DecidedMessages; onSent: () => void };

/** Why an answer does not go on although something of it is decided. */
export function DecisionsLeft({ chatId, decided: { decided, left, unsent }, onSent }: Props) {
  if (unsent) return <SendThem chatId={chatId} onSent={onSent} />;
  if (decided === 0 || left === 0) return null;
  return (
    <output className="note decisions-left">
      {`Waits for ${left} more ${left === 1 ? "decision" : "decisions"}.`}
    </output>
  );
}

/** All is decided, and the service that answers was away. A plain form first, as those of the decisions are. */
function SendThem({ chatId, onSent }: Omit<Props, "decided">) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const action = `/chats/${chatId}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const keep = decisionKeeper(action, (input, init) => fetch(input, init));
    void keep({ decision: "send" }).then((problem) => {
      setBusy(false);
      setError(problem);
      onSent();
    });
  };
  return (
    <form className="taken-back" method="post" action={action} onSubmit={submit}>
      <span className="note">All of this is decided, but the answer has not gone on yet.</span>
      <input type="hidden" name="intent" value="decide" />
      <input type="hidden" name="decision" value="send" />
      <Button type="submit" disabled={busy}>
        Send the decisions
      </Button>
      {error && <ErrorLine>{error}</ErrorLine>}
    </form>
  );
}
