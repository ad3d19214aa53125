import type { Told } from "#app/chat/run-state.ts";
import type { DurableChatHelpers } from "#app/chat/use-durable-chat.ts";
import { messageError, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { ChatStatus } from "#app/shared/resume-handle.ts";
import { Button } from "#app/ui/button.tsx";

type Props = {
  chat: DurableChatHelpers<LongrunUIMessage>;
  status: ChatStatus;
  told: Told | null;
  reachable: boolean;
  failure: string | null;
  hydrated: boolean;
};

const UNANSWERED = "This message has no answer.";
const UNSTOPPED = "The answer could not be stopped: no answer from the server. Press Stop again in a moment.";
const OFFLINE = "You are offline.";
const CUT_OFF = "Longrun cannot be reached right now.";
const GOES_ON = "The answer goes on, and will be here when you are back.";
const SAVED = "What you see is saved.";
const UNREACHABLE =
  "The service that answers cannot be reached right now. What you see is saved; an answer will appear here when it is back.";

/** What stands at the end of a conversation while it is not simply ready: a wait, a cut line, an error. */
export function TurnNotices({ chat, status, told, reachable, failure, hydrated }: Props) {
  if (chat.closed) return <p className="notice">This chat was closed. Nothing more can be sent in it.</p>;
  // A failed answer says why for as long as nothing follows it.
  const last = chat.messages.at(-1);
  const why = last?.role === "assistant" ? messageError(last) : null;
  if (status === "error" || (status === "ready" && why !== null)) {
    const failed = Object.values(chat.delivery).includes("failed");
    // A message that was not sent says so itself.
    if (failed) return null;
    return (
      <div className="notice trouble" role="alert">
        <p>{chat.error?.message || why || (!hydrated && failure) || UNANSWERED}</p>
        {hydrated && <Button onClick={chat.retry}>Try again</Button>}
      </div>
    );
  }
  if (!reachable && !hydrated) return <p className="notice">{UNREACHABLE}</p>;
  if (!reachable && chat.connection !== "live") return <p className="notice">{UNREACHABLE}</p>;
  const open = status === "submitted" || status === "streaming";
  if (open && chat.stopFailed)
    return (
      <p className="notice" role="alert">
        {UNSTOPPED}
      </p>
    );
  if (chat.connection === "offline")
    return <p className="notice">{open ? `${OFFLINE} ${GOES_ON}` : `${OFFLINE} ${SAVED}`}</p>;
  if (chat.connection === "unreachable")
    return <p className="notice">{open ? `${CUT_OFF} ${GOES_ON}` : `${CUT_OFF} ${SAVED}`}</p>;
  if (status === "submitted") return <p className="waiting">{told?.label ?? "Thinking"}</p>;
  if (status === "streaming" && chat.connection === "reconnecting") {
    return <p className="notice">Reconnecting. The answer goes on meanwhile.</p>;
  }
  return null;
}
