import { isToolUIPart, type UIMessage } from "ai";
import { z } from "zod";
import { askUserInput, askUserOutput } from "#app/shared/chat-tools.ts";

export const MAX_REASON = 1000;
export const MAX_ANSWER = 4000;

/** What a person answers to a call that waits for them. */
export type ToolAnswer = { approved: true } | { approved: false; reason?: string } | { answer: string };

/** Of an answer's calls, by their ids. */
export type ToolAnswers = Readonly<Record<string, ToolAnswer>>;

type Part = UIMessage["parts"][number];
type ToolPart = Extract<Part, { toolCallId: string }>;
type Message = Pick<UIMessage, "id" | "role" | "parts">;

const QUESTION = "tool-askUser";

/** The calls of the answer's last step. Only there a call may wait: the next step begins when all have their result. */
function lastCalls({ role, parts }: Message): ToolPart[] {
  if (role !== "assistant") return [];
  const step = parts.slice(parts.findLastIndex((part) => part.type === "step-start") + 1);
  return step.filter(isToolUIPart);
}

const isWaiting = (part: ToolPart): boolean =>
  part.state === "approval-requested" || (part.type === QUESTION && part.state === "input-available");

/** Whether the answer's last step had calls that the person had a say in. */
export const asksPerson = (message: Message): boolean =>
  lastCalls(message).some((part) => part.type === QUESTION || part.approval !== undefined);

/** The calls of an answer that wait for the person: approvals and questions. */
export const waitingCalls = (message: Message): ToolPart[] => lastCalls(message).filter(isWaiting);

/** Whether all calls of an answer's last step are decided, and nothing was written since: it can go on from there. */
export function goesOn(message: Message): boolean {
  const calls = lastCalls(message);
  const failed = message.parts.some((part) => part.type === "data-error");
  return calls.length > 0 && !failed && calls.every((part) => isDecided(part));
}

const isDecided = (part: ToolPart): boolean =>
  part.state === "approval-responded" || part.state.startsWith("output-");

/** Whether the text may answer the question as it was asked. */
function fitsQuestion(input: unknown, answer: string): boolean {
  const asked = askUserInput.safeParse(input);
  if (!asked.success || answer.trim() === "") return false;
  return asked.data.allowOther === true || asked.data.choices.includes(answer);
}

/** The part with its answer; null when it does not wait, or not for such an answer. */
export function answered(part: ToolPart, answer: ToolAnswer): ToolPart | null {
  if ("answer" in answer) {
    const fits = part.type === QUESTION && isWaiting(part) && fitsQuestion(part.input, answer.answer);
    return fits
      ? ({ ...part, state: "output-available", output: { answer: answer.answer } } as ToolPart)
      : null;
  }
  if (part.state !== "approval-requested") return null;
  return { ...part, state: "approval-responded", approval: { id: part.approval.id, ...answer } };
}

/** The message with what was decided about its calls, each as far as its call waits for such an answer. */
export function withAnswers<M extends Message>(message: M, answers: ToolAnswers): M {
  const waiting = new Set<Part>(waitingCalls(message));
  let changed = false;
  const parts = message.parts.map((part): Part => {
    if (!isToolUIPart(part) || !waiting.has(part)) return part;
    const answer = Object.hasOwn(answers, part.toolCallId) ? answers[part.toolCallId] : undefined;
    const decided = answer && answered(part, answer);
    if (!decided) return part;
    changed = true;
    return decided;
  });
  return changed ? { ...message, parts } : message;
}

const callId = z.string().min(1).max(200);
const approvalAnswer = z.object({
  type: z.string().startsWith("tool-").max(100),
  toolCallId: callId,
  state: z.literal("approval-responded"),
  approval: z.object({
    id: z.string().max(200),
    approved: z.boolean(),
    reason: z.string().max(MAX_REASON).optional(),
  }),
});
const questionAnswer = z.object({
  type: z.literal(QUESTION),
  toolCallId: callId,
  state: z.literal("output-available"),
  output: askUserOutput.extend({ answer: askUserOutput.shape.answer.unwrap() }),
});
const submittedAnswers = z.object({
  id: z.string().min(1).max(200),
  role: z.literal("assistant"),
  parts: z
    .array(z.union([approvalAnswer, questionAnswer]))
    .min(1)
    .max(32),
});

type Submitted = z.infer<typeof submittedAnswers>;

/** What the browser sends: of each decided call only what decides it. */
export function answersToSend(message: Message): Submitted {
  const parts = lastCalls(message).flatMap((part): Submitted["parts"] => {
    const { toolCallId, type } = part;
    const approval = approvalAnswer.safeParse(part);
    if (approval.success) return [approval.data];
    const question = questionAnswer.safeParse({ type, toolCallId, state: part.state, output: part.output });
    return question.success ? [question.data] : [];
  });
  return { id: message.id, role: "assistant", parts };
}

/**
 * What answers that a browser wrote come to, by our own history: the decisions to put on its last message, "stale"
 * when what they answer is decided already or left behind, null when they are no answers to what was asked. Only
 * the decision is taken from the browser: the arguments, and all else, are those of the history.
 */
export function acceptAnswers<M extends Message>(input: unknown, history: readonly M[]): M | "stale" | null {
  const submitted = submittedAnswers.safeParse(input);
  if (!submitted.success) return null;
  const { id, parts } = submitted.data;
  const last = history.at(-1);
  if (!history.some((message) => message.id === id && message.role === "assistant")) return null;
  if (!last || last.id !== id) return "stale";
  const waiting = waitingCalls(last);
  // Decided and stored, but the run that should have gone on was lost: the stored decisions count.
  if (waiting.length === 0)
    return goesOn(last) ? { ...last, parts: lastCalls(last).filter(isDecided) } : "stale";
  const decided = waiting.map((part) => decide(part, parts));
  if (decided.some((part) => part === null)) return null;
  return { ...last, parts: decided.filter((part) => part !== null) };
}

function decide(part: ToolPart, answers: Submitted["parts"]): ToolPart | null {
  const given = answers.find(({ toolCallId, type }) => toolCallId === part.toolCallId && type === part.type);
  if (!given) return null;
  if (given.state === "output-available") return answered(part, given.output);
  if (part.state !== "approval-requested" || given.approval.id !== part.approval.id) return null;
  const { approved, reason } = given.approval;
  if (approved) return answered(part, { approved });
  return answered(part, { approved, ...(reason === undefined ? {} : { reason }) });
}

const WROTE_ON = "The person wrote on without deciding.";

/** The answer as it stands once the person has written on: what waited is decided, and nothing of it runs. */
export function withoutWaiting<M extends Message>(message: M): M {
  const waiting = new Set<Part>(waitingCalls(message));
  if (waiting.size === 0) return message;
  const parts = message.parts.map((part): Part => {
    if (!isToolUIPart(part) || !waiting.has(part)) return part;
    if (part.state !== "approval-requested")
      return { ...part, state: "output-available", output: { answer: null } } as Part;
    return {
      ...part,
      state: "output-denied",
      approval: { id: part.approval.id, approved: false, reason: WROTE_ON },
    };
  });
  return { ...message, parts };
}
