import { Link } from "@remix-run/react";
import { getToolName, type DynamicToolUIPart, type ToolUIPart } from "ai";
import type { ReactNode } from "react";
import { currentTimeOutput, searchChatsOutput, type ChatTools } from "#app/shared/chat-tools.ts";

type Part = ToolUIPart<ChatTools> | DynamicToolUIPart;

/** What a tool does, while it works and once it is done. */
const words: Record<string, { running: string; done: string }> = {
  currentTime: { running: "Looking at the clock", done: "Looked at the clock" },
  searchChats: { running: "Searching your chats", done: "Searched your chats" },
};

/** What the tool is doing now, or did: one line. */
function toolLine(part: Part, running: boolean): string {
  const name = getToolName(part);
  const known = words[name];
  if (part.state === "output-available") return known?.done ?? `Used ${name}`;
  if (part.state === "output-error") return `${known?.running ?? name}: failed`;
  if (part.state === "output-denied") return `${known?.running ?? name}: not allowed`;
  if (part.state === "approval-requested") return `${known?.running ?? name}: waiting for your approval`;
  if (!running) return `${known?.running ?? name}: not finished`;
  return known?.running ?? `Using ${name}`;
}

/** One call of a tool, folded to a line: its name and state; inside, what it was given and what came back. */
export function ToolCard({ part, running }: { part: Part; running: boolean }) {
  const failed = part.state === "output-error";
  return (
    <details data-part={part.type} data-state={part.state} className={`card tool ${failed ? "failed" : ""}`}>
      <summary>
        {toolLine(part, running)} <code>{getToolName(part)}</code>
      </summary>
      <div className="card-body">
        {part.input !== undefined && <Block name="Input">{json(part.input)}</Block>}
        {part.state === "output-available" && <Output part={part} />}
        {failed && <Block name="Error">{part.errorText ?? "The tool failed."}</Block>}
      </div>
    </details>
  );
}

const json = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";

function Block({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="tool-block">
      <h3>{name}</h3>
      <pre>{children}</pre>
    </section>
  );
}

function Output({ part }: { part: Part }) {
  const name = getToolName(part);
  const time = name === "currentTime" ? currentTimeOutput.safeParse(part.output) : null;
  if (time?.success) return <Block name="Output">{time.data.local}</Block>;
  const found = name === "searchChats" ? searchChatsOutput.safeParse(part.output) : null;
  if (!found?.success) return <Block name="Output">{json(part.output)}</Block>;
  const { hits } = found.data;
  if (hits.length === 0) return <p className="note">Nothing was found.</p>;
  return (
    <ul className="hits">
      {hits.map((hit) => (
        <li key={`${hit.chatId} ${hit.messageId}`}>
          <Link to={`/chats/${hit.chatId}`}>{hit.title ?? "Untitled chat"}</Link>
          <p>{hit.excerpt}</p>
        </li>
      ))}
    </ul>
  );
}
