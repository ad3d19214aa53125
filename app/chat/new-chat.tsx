import { useNavigation, useSubmit } from "@remix-run/react";
import { type FormEvent, useRef, useState } from "react";
import { ChatHeader } from "#app/chat/chat-header.tsx";
import { NewChatSettings } from "#app/chat/chat-settings.tsx";
import { Composer, COMPOSER_FORM } from "#app/chat/composer.tsx";
import { LimitNote } from "#app/chat/limit-note.tsx";
import { Conversation } from "#app/chat/conversation.tsx";
import { keepDraft, NEW_CHAT_DRAFT, NOTHING_KNOWN } from "#app/chat/drafts.ts";
import { MessageList } from "#app/chat/message-list.tsx";
import { type AttachedFile, type AttachmentOffer, messageParts } from "#app/shared/attachment.ts";
import type { ModelNotice } from "#app/shared/model-notice.ts";
import { abilitiesOfChoice, type ModelChoice } from "#app/shared/model-option.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Props = {
  chatId: string;
  messageId: string;
  notice: ModelNotice;
  choice: ModelChoice;
  attachments: AttachmentOffer;
  /** Without files: those that this page has sent. */
  returned?: { error: string; text: string; files?: readonly AttachedFile[] } | undefined;
};

const ACTION = "/chats?index";
const DRAFT = { name: NEW_CHAT_DRAFT, known: NOTHING_KNOWN };

/** The page before the first message. Sending makes the chat; the message shows at once. */
export function NewChat({ chatId, messageId, notice, choice, attachments, returned }: Props) {
  const hydrated = useHydrated();
  const navigation = useNavigation();
  const submit = useSubmit();
  const box = useRef<HTMLTextAreaElement>(null);
  const [model, setModel] = useState(choice.model);
  const [sentFiles, setSentFiles] = useState<readonly AttachedFile[]>([]);
  // What came back belongs into a new box, once: the box of a message that is on its way stays.
  const [{ tries, last }, setTries] = useState({ tries: 0, last: returned });
  if (returned && returned !== last) setTries({ tries: tries + 1, last: returned });
  const sent = navigation.formData?.get("chatId") === chatId ? navigation.formData.get("text") : null;
  const sending = typeof sent === "string";
  const error = sending ? undefined : returned?.error;

  const send = (text: string, files: readonly AttachedFile[]) => {
    if (navigation.state !== "idle") return false;
    // The settings of the chat are fields of the same form.
    const form = new FormData(box.current?.form ?? undefined);
    form.set("intent", "send");
    form.set("text", text);
    // Each is stored already, and named by a field of its own.
    form.delete("files");
    setSentFiles(files);
    submit(form, { method: "post", action: ACTION });
    return true;
  };
  const onChange = ({ target }: FormEvent) => {
    if (target instanceof HTMLInputElement && target.name === "model") setModel(target.value || null);
  };
  // What is typed while the chat is made is for that chat.
  const onTyped = () => {
    if (!sending || !box.current) return;
    keepDraft(NEW_CHAT_DRAFT, "");
    keepDraft(chatId, box.current.value);
  };
  const suggest = (text: string) => {
    if (!box.current) return;
    box.current.value = text;
    keepDraft(NEW_CHAT_DRAFT, text);
    box.current.focus();
  };
  const status = sending ? "submitted" : error ? "error" : "ready";
  return (
    <main
      className="chat"
      data-chat-status={status}
      data-hydrated={hydrated ? "" : undefined}
      onChange={onChange}
    >
      <ChatHeader>
        <NewChatSettings choice={choice} form={COMPOSER_FORM} />
      </ChatHeader>
      {sending ? (
        <FirstMessage id={messageId} text={sent} files={sentFiles} />
      ) : (
        <Welcome notice={notice} onSuggest={suggest} />
      )}
      <div className="composer-area" onInput={onTyped}>
        {error && <ErrorLine>{error}</ErrorLine>}
        <LimitNote />
        <Composer
          key={tries}
          action={ACTION}
          hidden={{ chatId, messageId }}
          open={false}
          initialText={returned?.text}
          initialFiles={returned && (returned.files ?? sentFiles)}
          offer={attachments}
          abilities={abilitiesOfChoice({ ...choice, model })}
          draft={DRAFT}
          onSend={send}
          textRef={box}
        />
      </div>
    </main>
  );
}

function FirstMessage({ id, text, files }: { id: string; text: string; files: readonly AttachedFile[] }) {
  const message: LongrunUIMessage = { id, role: "user", parts: messageParts(text, files) };
  return (
    <Conversation>
      <MessageList
        messages={[message]}
        partialIds={[]}
        delivery={{ [id]: "sending" }}
        streaming={false}
        open
        onRetry={() => undefined}
      />
      <p className="waiting">Starting</p>
    </Conversation>
  );
}

function Welcome({ notice, onSuggest }: { notice: ModelNotice; onSuggest: (text: string) => void }) {
  return (
    <div className="welcome">
      <h1>What would you like to know?</h1>
      {notice.demo && (
        <p className="model-notice">
          The built-in demo model is talking: it follows a script and knows nothing. To add a real one, set{" "}
          <code>OPENAI_API_KEY</code>, <code>ANTHROPIC_API_KEY</code>,{" "}
          <code>GOOGLE_GENERATIVE_AI_API_KEY</code> or <code>OPENAI_COMPATIBLE_BASE_URL</code>, or start
          Ollama, and start Longrun again.
        </p>
      )}
      <ul className="suggestions">
        {notice.suggestions.map((text) => (
          <li key={text}>
            <button type="button" onClick={() => onSuggest(text)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
