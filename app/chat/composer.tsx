import { ArrowUp, CornerDownRight, Square } from "lucide-react";
import {
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  type MutableRefObject,
  type Ref,
  useEffect,
  useImperativeHandle,
  useRef,
} from "react";
import { AttachButton } from "#app/chat/attach-button.tsx";
import { AttachmentTray } from "#app/chat/attachment-tray.tsx";
import { draftSent, keepDraft, onDraftElsewhere } from "#app/chat/drafts.ts";
import { fillFromDraft, type DraftOf } from "#app/chat/use-draft.ts";
import { pastedFiles, useDroppedFiles } from "#app/chat/use-dropped-files.ts";
import { useAttachments } from "#app/chat/use-attachments.ts";
import type { AttachedFile, AttachmentOffer } from "#app/shared/attachment.ts";
import { MAX_MESSAGE_TEXT } from "#app/shared/chat-message.ts";
import type { ModelAbilities } from "#app/shared/model-option.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

/** What others may do with the box. */
export type ComposerHandle = {
  /** Puts what was not sent before what is written. */
  putBack: (text: string, files: readonly AttachedFile[]) => void;
};

/** Id of the form, for fields of it that stand elsewhere in the page. */
export const COMPOSER_FORM = "composer";

type Props = {
  /** Where the form goes when there are no scripts. */
  action: string;
  hidden: Record<string, string>;
  /** An answer is being given and can be stopped. */
  open: boolean;
  /** Nothing more can be sent here. */
  closed?: boolean;
  initialText?: string | undefined;
  /** Files of a form that came back. */
  initialFiles?: readonly AttachedFile[] | undefined;
  offer: AttachmentOffer;
  /** Of the model that will answer, where that is known. */
  abilities?: ModelAbilities | undefined;
  /** Where what is typed here survives a reload. */
  draft: DraftOf;
  /** Takes the text and the files; false leaves them in the box. Without it the form is posted. */
  onSend: (text: string, files: readonly AttachedFile[]) => boolean;
  /** Takes them for the answer that runs, at its next step. */
  onSteer?: (text: string, files: readonly AttachedFile[]) => boolean;
  onStop?: () => void;
  /** The Up key in an empty box. */
  onEditLast?: () => void;
  /** Lets others put text into the box. */
  textRef?: MutableRefObject<HTMLTextAreaElement | null>;
  handle?: Ref<ComposerHandle>;
};

const finePointer = () => matchMedia("(pointer: fine)").matches;

const NO_FILES: readonly AttachedFile[] = [];
const UNREADY = "Not all files are stored yet. Wait a moment, or remove those that failed.";

const count = new Intl.NumberFormat("en");
const tooLong = (length: number): string =>
  `A message has at most ${count.format(MAX_MESSAGE_TEXT)} characters, and this one has ${count.format(length)}. Shorten it, or attach it as a text file.`;

function grow(box: HTMLTextAreaElement): void {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

/** The message box. It is a plain form first, and keeps what was typed before its scripts arrived. */
export function Composer({
  action,
  hidden,
  open,
  closed = false,
  initialText,
  initialFiles = NO_FILES,
  offer,
  abilities,
  draft,
  onSend,
  onSteer,
  onStop,
  onEditLast,
  textRef,
  handle,
}: Props) {
  const hydrated = useHydrated();
  const own = useRef<HTMLTextAreaElement | null>(null);
  const atFirst = useRef(draft);
  const attachments = useAttachments(draft.name, offer, initialFiles);
  const { add, restore, keep, forget } = attachments;
  const dropping = useDroppedFiles(add, hydrated && !closed);
  useEffect(() => {
    const box = own.current;
    if (!box) return;
    restore(fillFromDraft(box, atFirst.current));
    grow(box);
    // On a touch screen the keyboard would cover what one came to read.
    if (finePointer()) box.focus({ preventScroll: true });
  }, [restore]);

  useEffect(
    () =>
      onDraftElsewhere(draft.name, {
        sent: ({ texts, files }) => {
          forget(files);
          if (!own.current || !texts.includes(own.current.value)) return;
          own.current.value = "";
          grow(own.current);
        },
        emptied: () => {
          // What is written here is the draft again.
          keepDraft(draft.name, own.current?.value ?? "");
          keep();
        },
      }),
    [draft.name, keep, forget],
  );

  useImperativeHandle(handle, () => ({
    putBack: (text, files) => {
      const box = own.current;
      if (!box) return;
      box.value = [text, box.value].filter((piece) => piece !== "").join("\n\n");
      keepDraft(draft.name, box.value);
      restore(files);
      grow(box);
      box.focus();
    },
  }));

  const send = (event?: FormEvent, take = onSend) => {
    event?.preventDefault();
    const box = own.current;
    const { stored, waiting } = attachments;
    if (!box || closed) return;
    if (waiting) return attachments.say(UNREADY);
    if (box.value.length > MAX_MESSAGE_TEXT) return attachments.say(tooLong(box.value.length));
    if (box.value.trim() === "" && stored.length === 0) return;
    if (!take(box.value, stored)) return;
    draftSent(draft.name, box.value, stored);
    attachments.clear();
    box.value = "";
    grow(box);
    box.focus();
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    const pressed = (event.nativeEvent as SubmitEvent).submitter;
    const asked = pressed?.getAttribute("value");
    if (asked !== "stop") return send(event, asked === "steer" ? onSteer : onSend);
    event.preventDefault();
    onStop?.();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "ArrowUp" && event.currentTarget.value === "" && onEditLast) {
      event.preventDefault();
      return onEditLast();
    }
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    // Touch keyboards have no Shift-Enter; there Enter breaks the line and the button sends.
    if (!finePointer()) return;
    event.preventDefault();
    send();
  };

  const onPaste = (event: ClipboardEvent) => {
    const files = pastedFiles(event);
    if (files.length === 0) return;
    event.preventDefault();
    add(files);
  };

  return (
    <form
      id={COMPOSER_FORM}
      method="post"
      encType="multipart/form-data"
      action={action}
      className="composer"
      data-dropping={dropping ? "" : undefined}
      data-files={attachments.list.length > 0 ? "" : undefined}
      onSubmit={submit}
    >
      <AttachmentTray attachments={attachments} abilities={abilities} />
      <AttachButton attachments={attachments} disabled={closed} />
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <label htmlFor="message" className="unseen">
        Message
      </label>
      <textarea
        id="message"
        name="text"
        rows={1}
        ref={(box) => {
          own.current = box;
          if (textRef) textRef.current = box;
        }}
        placeholder={closed ? "This chat is closed" : dropping ? "Drop to attach" : "Write a message"}
        defaultValue={initialText}
        disabled={closed}
        autoComplete="off"
        onInput={(event) => {
          grow(event.currentTarget);
          keepDraft(draft.name, event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className="composer-buttons">
        {open && (
          <button
            type="submit"
            name="intent"
            value="stop"
            className="round stop"
            aria-label="Stop"
            title="Stop (Esc)"
          >
            <Square size={14} fill="currentColor" aria-hidden />
          </button>
        )}
        {open && onSteer && hydrated && (
          <button
            type="submit"
            name="intent"
            value="steer"
            className="round stop"
            aria-label="Steer now"
            title="Steer now: the answer takes it in at its next step"
            disabled={closed}
          >
            <CornerDownRight size={16} aria-hidden />
          </button>
        )}
        <button
          type="submit"
          name="intent"
          value="send"
          className="round send"
          aria-label="Send"
          title={open ? "Send next" : "Send"}
          disabled={closed}
        >
          <ArrowUp size={18} aria-hidden />
        </button>
      </div>
    </form>
  );
}
