import { isToolUIPart, type UIMessage } from "ai";

/** How far an answer has got, to compare two versions of the same one: text counts by length, any other part by one. */
export function progress(message: UIMessage): number {
  return message.parts.reduce((sum, part) => {
    if (part.type === "text" || part.type === "reasoning") return sum + 1 + part.text.length;
    if (isToolUIPart(part)) return sum + 1 + written(part.input) + stage(part.state);
    return sum + 1;
  }, 0);
}

/** An input that is whole is further than the same one while it is written. */
function stage(state: string): number {
  if (state.startsWith("output-")) return 2;
  return state === "input-streaming" ? 0 : 1;
}

/** A tool is given its words one by one, too. */
function written(input: unknown): number {
  if (typeof input !== "object" || input === null) return 0;
  return Object.values(input).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? value.length : 0),
    0,
  );
}
