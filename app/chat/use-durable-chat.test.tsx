import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { useDurableChat } from "#app/chat/use-durable-chat.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";
import { assistant, CHAT_ID, handle, textOf, user } from "../../tests/support/chat-script.ts";

const history = [user("u1", "Hi"), assistant("a1", "Hello")];

function Page(props: { handle: ResumeHandle; initialStatus?: ChatStatus }) {
  const chat = useDurableChat({
    chatId: CHAT_ID,
    initialMessages: history,
    triggerUrl: "http://127.0.0.1:9",
    ...props,
  });
  return <p data-status={chat.status}>{chat.messages.map(textOf).join("|")}</p>;
}

describe("the hook on the server", () => {
  it("renders the history and a status that follows from the handle, and opens no connection", () => {
    expect(renderToString(<Page handle={handle()} />)).toBe('<p data-status="ready">Hi|Hello</p>');
    const waiting = handle({ isStreaming: true, activeInputSeq: 0, pending: [{ messageId: "u2", seq: 0 }] });
    expect(renderToString(<Page handle={waiting} />)).toContain('data-status="submitted"');
    expect(renderToString(<Page handle={handle({ isStreaming: true })} />)).toContain('"submitted"');
    expect(renderToString(<Page handle={waiting} initialStatus="streaming" />)).toContain('"streaming"');
  });

  it("takes the loader's streaming for ready when nothing is awaited", () => {
    expect(renderToString(<Page handle={handle()} initialStatus="streaming" />)).toContain('"ready"');
  });
});
