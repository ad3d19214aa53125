import { isToolUIPart, type UIMessage } from "ai";

/** How far an answer has got, to compare two versions of the same one: text counts by length, any other part by one. */
export function progress(message: UIMessage): number {
  return message.parts.reduce((sum, part) => {
    if (part.type === "text" || part.type === "reasoning") return sum + 1 + part.text.length;
    if (isToolUIPart(part)) return sum + 1 + (part.state.startsWith("output-") ? 1 : 0);
    return sum + 1;
  }, 0);
}
