import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import type { Branches } from "#app/chat/use-branches.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Button } from "#app/ui/button.tsx";

function grow(box: HTMLTextAreaElement): void {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

const backToComposer = () => document.getElementById("message")?.focus();

const UNSTOPPED =
  "The answer could not be stopped. This is sent once that has ended by itself; Send tries again at once.";
const ANSWERED_NOW = "This message is being answered. Send ends that answer, and asks this instead.";

/** A message in its place, with its text to be changed. What it was stays as a version of it. */
export function EditMessage({ message, branches }: { message: LongrunUIMessage; branches: Branches }) {
  const box = useRef<HTMLTextAreaElement>(null);
  // The same for every try, so that a repeated one makes no second message.
  const [newId] = useState(() => crypto.randomUUID());
  const hasFiles = message.parts.some(({ type }) => type === "file");
  // Beside files, which stay, nothing has to be written.
  const isEmpty = (text: string) => !hasFiles && text.trim() === "";
  const [empty, setEmpty] = useState(() => isEmpty(branches.written(message.id) ?? messageText(message)));
  useEffect(() => {
    if (!box.current) return;
    grow(box.current);
    box.current.focus();
    box.current.setSelectionRange(box.current.value.length, box.current.value.length);
  }, []);
  const ready = branches.mayEdit(message.id) && !branches.stopping;
  const cancel = () => {
    branches.edit(null);
    backToComposer();
  };
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    const text = box.current?.value ?? "";
    if (!ready || isEmpty(text)) return;
    branches.ask({ intent: "edit", target: message.id, messageId: newId, text });
    backToComposer();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      cancel();
    } else if (event.key === "Enter" && !event.shiftKey && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      save();
    }
  };
  return (
    <form className="editing" onSubmit={save}>
      <textarea
        ref={box}
        aria-label="Edit your message"
        rows={1}
        defaultValue={branches.written(message.id) ?? messageText(message)}
        autoComplete="off"
        onKeyDown={onKeyDown}
        onInput={(event) => {
          grow(event.currentTarget);
          setEmpty(isEmpty(event.currentTarget.value));
          branches.write(message.id, event.currentTarget.value);
        }}
      />
      {branches.answering === message.id && (
        <p className="note" role={branches.unstopped ? "alert" : undefined}>
          {branches.unstopped ? UNSTOPPED : ANSWERED_NOW}
        </p>
      )}
      <div className="editing-buttons">
        <Button onClick={cancel}>Cancel</Button>
        <Button look="primary" type="submit" disabled={!ready || empty}>
          Send
        </Button>
      </div>
    </form>
  );
}
