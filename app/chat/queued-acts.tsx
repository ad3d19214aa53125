import { CornerDownRight, Pencil, X } from "lucide-react";
import { useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";
import { type Branches, useBranch } from "#app/chat/use-branches.ts";
import { useQueued, type Queue } from "#app/chat/use-queue.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { QueueState } from "#app/shared/queue.ts";
import { Button } from "#app/ui/button.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

const SIZE = 14;

const TOLD: Record<QueueState, string> = {
  waiting: "Waits for its turn",
  // A message that was sent before this answer began is not offered to it, and an answer may have no further step.
  steer: "Joins the answer at its next step, or is answered after it",
  taken: "Is answered next",
  withdrawn: "Withdrawn",
};

/** What becomes of a message that waits, and what can still be done with it. Nothing for any other message. */
export function QueuedActs({ message }: { message: LongrunUIMessage }) {
  const queue = useQueued();
  const branches = useBranch();
  const hydrated = useHydrated();
  const state = queue?.states[message.id];
  if (!queue || !state) return null;
  // Once it is answered, `EditMessage` goes on with what was written.
  if (branches?.editing === message.id) return <Revise queue={queue} branches={branches} message={message} />;
  const open = state === "waiting" || state === "steer";
  return (
    <div className="queued" data-queue-state={state}>
      <span className="note">{TOLD[state]}</span>
      {state === "waiting" && (
        <QueueForm queue={queue} intent="steer" target={message.id}>
          <CornerDownRight size={SIZE} aria-hidden /> Steer now
        </QueueForm>
      )}
      {open && hydrated && branches && (
        <Button onClick={() => branches.edit(message.id)}>
          <Pencil size={SIZE} aria-hidden /> Edit
        </Button>
      )}
      {open && (
        <QueueForm queue={queue} intent="withdraw" target={message.id}>
          <X size={SIZE} aria-hidden /> Withdraw
        </QueueForm>
      )}
    </div>
  );
}

type FormProps = { queue: Queue; intent: "steer" | "withdraw"; target: string; children: ReactNode };

function QueueForm({ queue, intent, target, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    await queue.ask({ intent, target });
    setBusy(false);
  };
  return (
    <form method="post" action={`/chats/${queue.chatId}`} onSubmit={(event) => void submit(event)}>
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="target" value={target} />
      <Button type="submit" disabled={busy}>
        {children}
      </Button>
    </form>
  );
}

type ReviseProps = { queue: Queue; branches: Branches; message: LongrunUIMessage };

function Revise({ queue, branches, message }: ReviseProps) {
  const [text, setText] = useState(() => branches.written(message.id) ?? messageText(message));
  const [problem, setProblem] = useState<string | null>(null);
  const onDone = () => branches.edit(null);
  const save = async (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === "") return;
    const refused = await queue.ask({ intent: "revise", target: message.id, text });
    setProblem(refused);
    if (refused === null) onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      onDone();
    } else if (event.key === "Enter" && !event.shiftKey && matchMedia("(pointer: fine)").matches)
      void save(event);
  };
  return (
    <form className="editing" onSubmit={(event) => void save(event)}>
      <textarea
        aria-label="Edit the waiting message"
        rows={Math.min(6, text.split("\n").length)}
        value={text}
        autoComplete="off"
        // Whoever asked to edit wants to write here.
        ref={(box) => box?.focus()}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.currentTarget.value);
          branches.write(message.id, event.currentTarget.value);
        }}
      />
      {problem !== null && <p className="note">{problem} What you wrote is still here.</p>}
      <div className="editing-buttons">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="primary" type="submit" disabled={text.trim() === ""}>
          Save
        </Button>
      </div>
    </form>
  );
}
