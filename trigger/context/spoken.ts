import { getToolName, isToolUIPart } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

const MAX_TOOL_CHARS = 1_500;

/** A message as a model reads it that only looks on; thoughts are left out, what is too long loses its middle. */
export function spoken(message: LongrunUIMessage, most: number): string {
  const said = message.parts.flatMap((part): string[] => {
    if (part.type === "text") return [part.text];
    if (part.type === "file") return [`[a file: ${part.filename ?? part.mediaType}]`];
    if (!isToolUIPart(part)) return [];
    const result = part.state === "output-available" ? part.output : part.state;
    const used = `${JSON.stringify(part.input ?? {})} → ${JSON.stringify(result)}`;
    return [`[used ${getToolName(part)}: ${shortened(used, MAX_TOOL_CHARS)}]`];
  });
  const who = message.role === "user" ? "Person" : "Assistant";
  return `${who}: ${shortened(said.join("\n"), most)}`;
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half)} … ${text.slice(-half)}`;
}
