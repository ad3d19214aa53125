import { getToolName, type DynamicToolUIPart, type ToolUIPart } from "ai";
import { useDecision } from "#app/chat/decision-context.tsx";
import { subtaskLine, SubtaskView } from "#app/chat/subtask-view.tsx";
import { Approval, Question } from "#app/chat/tool-decision.tsx";
import { Block, json, ToolOutput } from "#app/chat/tool-output.tsx";
import type { ChatTools } from "#app/shared/chat-tools.ts";

type Part = ToolUIPart<ChatTools> | DynamicToolUIPart;

/** What a tool does, while it works and once it is done. */
const words: Record<string, { running: string; done: string }> = {
  currentTime: { running: "Looking at the clock", done: "Looked at the clock" },
  searchChats: { running: "Searching your chats", done: "Searched your chats" },
  calculate: { running: "Calculating", done: "Calculated" },
  runJavaScript: { running: "Running a script", done: "Ran a script" },
  fetchPage: { running: "Reading a page", done: "Read a page" },
  readDocument: { running: "Reading a document", done: "Read a document" },
  askUser: { running: "Asking you", done: "Asked you" },
  deepResearch: { running: "Researching", done: "Researched" },
  delegate: { running: "Another agent works", done: "Another agent has worked" },
};

/** What the tool is doing now, or did: one line. */
function toolLine(part: Part, running: boolean, waits: boolean): string {
  const name = getToolName(part);
  const known = words[name];
  const doing = known?.running ?? name;
  if (isPreliminary(part)) {
    const now = subtaskLine(name, part.output) ?? doing;
    return running ? now : `${doing}: not finished`;
  }
  if (part.state === "output-available" && name === "deepResearch")
    return subtaskLine(name, part.output) ?? "Researched";
  if (part.state === "output-available") return known?.done ?? `Used ${name}`;
  if (part.state === "output-error") return `${doing}: failed`;
  if (part.state === "output-denied") return `${doing}: not allowed`;
  if (waits) return name === "askUser" ? "A question for you" : `${doing}: waiting for your approval`;
  if (part.state === "approval-requested") return `${doing}: not decided`;
  if (part.state === "approval-responded" && !running) {
    return part.approval.approved ? `${doing}: approved` : `${doing}: denied`;
  }
  if (!running) return `${doing}: not finished`;
  return known?.running ?? `Using ${name}`;
}

/** The call goes on: its output says how far it has got. */
const isPreliminary = (part: Part): boolean => part.state === "output-available" && part.preliminary === true;

/** One call of a tool, folded to a line: its name and state; inside, what it was given and what came back. */
export function ToolCard({ part, running }: { part: Part; running: boolean }) {
  const waiting = useDecision(part.toolCallId);
  const failed = part.state === "output-error";
  const reason = part.approval?.approved === false ? part.approval.reason : undefined;
  const name = getToolName(part);
  const isQuestion = name === "askUser";
  const preliminary = isPreliminary(part);
  const live = preliminary && running;
  return (
    <details
      // A new element when its wait is over: open while it waits or tells how far it is, folded from then on unless
      // one opens it.
      key={waiting ? "waiting" : live ? "live" : "plain"}
      open={waiting || live ? true : undefined}
      data-part={part.type}
      data-state={preliminary ? "preliminary" : part.state}
      className={`card tool ${failed ? "failed" : ""}`}
    >
      <summary>
        {toolLine(part, running, waiting !== null)} <code>{name}</code>
      </summary>
      <div className="card-body">
        {waiting && isQuestion && <Question input={part.input} waiting={waiting} />}
        {waiting && !isQuestion && (
          <Approval waiting={waiting}>
            <Block name="It will be given exactly this">{json(part.input)}</Block>
          </Approval>
        )}
        {!waiting && part.input !== undefined && <Input part={part} />}
        {part.state === "output-available" && <Output name={name} output={part.output} live={live} />}
        {failed && <Block name="Error">{part.errorText ?? "The tool failed."}</Block>}
        {reason !== undefined && <Block name="Reason">{reason}</Block>}
      </div>
    </details>
  );
}

function Output({ name, output, live }: { name: string; output: unknown; live: boolean }) {
  if (subtaskLine(name, output) !== null) return <SubtaskView tool={name} output={output} live={live} />;
  return <ToolOutput name={name} output={output} />;
}

/** A script, a question and a job are shown as they are written; what other tools are given, as JSON. */
function Input({ part }: { part: Part }) {
  if (part.type === "tool-deepResearch" && part.input?.question)
    return <Block name="Question">{part.input.question}</Block>;
  if (part.type === "tool-delegate" && part.input?.task) return <Block name="Job">{part.input.task}</Block>;
  const code: unknown = part.type === "tool-runJavaScript" ? part.input?.code : undefined;
  return <Block name="Input">{typeof code === "string" ? code : json(part.input)}</Block>;
}
