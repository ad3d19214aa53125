import { useNavigation, useSubmit } from "@remix-run/react";
import { useRef } from "react";
import { ChatHeader } from "#app/chat/chat-header.tsx";
import { NewChatSettings } from "#app/chat/chat-settings.tsx";
import { Composer, COMPOSER_FORM } from "#app/chat/composer.tsx";
import { Conversation } from "#app/chat/conversation.tsx";
import { keepDraft, NEW_CHAT_DRAFT } from "#app/chat/drafts.ts";
import { MessageList } from "#app/chat/message-list.tsx";
import type { ModelNotice } from "#app/shared/model-notice.ts";
import type { ModelChoice } from "#app/shared/model-option.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Props = {
  chatId: string;
  messageId: string;
  notice: ModelNotice;
  choice: ModelChoice;
  returned?: { error: string; text: string } | undefined;
};

const ACTION = "/chats?index";
const DRAFT = { name: NEW_CHAT_DRAFT, known: [] };

/** The page before the first message. Sending makes the chat; the message shows at once. */
export function NewChat({ chatId, messageId, notice, choice, returned }: Props) {
  const hydrated = useHydrated();
  const navigation = useNavigation();
  const submit = useSubmit();
  const box = useRef<HTMLTextAreaElement>(null);
  const sent = navigation.formData?.get("chatId") === chatId ? navigation.formData.get("text") : null;
  const sending = typeof sent === "string";
  const error = sending ? undefined : returned?.error;

  const send = (text: string) => {
    if (navigation.state !== "idle") return false;
    // The settings of the chat are fields of the same form.
    const form = new FormData(box.current?.form ?? undefined);
    form.set("intent", "send");
    form.set("text", text);
    submit(form, { method: "post", action: ACTION });
    return true;
  };
  const suggest = (text: string) => {
    if (!box.current) return;
    box.current.value = text;
    keepDraft(NEW_CHAT_DRAFT, text);
    box.current.focus();
  };
  const status = sending ? "submitted" : error ? "error" : "ready";
  return (
    <main className="chat" data-chat-status={status} data-hydrated={hydrated ? "" : undefined}>
      <ChatHeader>
        <NewChatSettings choice={choice} form={COMPOSER_FORM} />
      </ChatHeader>
      {sending ? (
        <FirstMessage id={messageId} text={sent} />
      ) : (
        <Welcome notice={notice} onSuggest={suggest} />
      )}
      <div className="composer-area">
        {error && <ErrorLine>{error}</ErrorLine>}
        <Composer
          key={error ? "returned" : "fresh"}
          action={ACTION}
          hidden={{ chatId, messageId }}
          open={false}
          initialText={returned?.text}
          draft={DRAFT}
          onSend={send}
          textRef={box}
        />
      </div>
    </main>
  );
}

function FirstMessage({ id, text }: { id: string; text: string }) {
  const message: LongrunUIMessage = { id, role: "user", parts: [{ type: "text", text }] };
  return (
    <Conversation busy>
      <MessageList
        messages={[message]}
        partialIds={[]}
        delivery={{ [id]: "sending" }}
        streaming={false}
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
