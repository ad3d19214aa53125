import { isToolUIPart } from "ai";
import { documentCall, isDocumentPart } from "#app/chat/documents/document-call.ts";
import { DocumentCard } from "#app/chat/documents/document-card.tsx";
import { duration } from "#app/chat/message-facts.ts";
import { ToolCard } from "#app/chat/tool-card.tsx";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Markdown } from "#app/ui/markdown.tsx";

type Part = LongrunUIMessage["parts"][number];
type Props = {
  part: Part;
  role: LongrunUIMessage["role"];
  streaming: boolean;
  /** How long a thought took, in milliseconds. */
  thoughtMs?: number | undefined;
};

/** One part of a message. Parts that this page does not know are left out. */
export function MessagePart({ part, role, streaming, thoughtMs }: Props) {
  if (part.type === "text") return <TextPart text={part.text} role={role} streaming={streaming} />;
  if (part.type === "reasoning") {
    return <Reasoning text={part.text} running={streaming && part.state === "streaming"} ms={thoughtMs} />;
  }
  if (isDocumentPart(part)) {
    return <DocumentCard call={documentCall(part, streaming)} type={part.type} partState={part.state} />;
  }
  if (isToolUIPart(part)) return <ToolCard part={part} running={streaming} />;
  return null;
}

function TextPart({ text, role, streaming }: { text: string; role: Props["role"]; streaming: boolean }) {
  return (
    <div data-part="text" className={role === "user" ? "verbatim" : "markdown"}>
      {role === "user" ? text : <Markdown text={text} streaming={streaming} />}
    </div>
  );
}

type ReasoningProps = { text: string; running: boolean; ms: number | undefined };

function Reasoning({ text, running, ms }: ReasoningProps) {
  if (text.trim() === "" && !running) return null;
  return (
    // A new element when it is done: open while it is written, folded from then on unless one opens it.
    <details
      key={running ? "running" : "done"}
      open={running}
      data-part="reasoning"
      className="card reasoning"
    >
      <summary>
        {running ? "Thinking" : ms === undefined ? "Thought it through" : `Thought for ${duration(ms)}`}
      </summary>
      <div className="card-body verbatim">{text}</div>
    </details>
  );
}
