import type { TextStreamPart, ToolSet } from "ai";
import type { DelegateOutput } from "#app/shared/subtasks.ts";

type Step = DelegateOutput["steps"][number];

/** Of what a tool was given, in a line of the card. */
const SHOWN_INPUT = 200;
/** Of all that is said. */
const MAX_CHARS = 60_000;

/** What a sub-agent has done so far, as its card shows it. */
export class DelegateSteps {
  readonly #steps: Step[];
  readonly #calls = new Map<string, number>();
  /** The text part that is being written. */
  #open: number | null = null;
  chars = 0;

  constructor(before: readonly Step[]) {
    this.#steps = before.map((step) => ({ ...step }));
  }

  get list(): Step[] {
    return this.#steps.map((step) => ({ ...step }));
  }

  /** Takes one part of the model's stream; true when the card has changed. */
  take(part: TextStreamPart<ToolSet>): boolean {
    switch (part.type) {
      case "text-start":
        this.#open = null;
        return false;
      case "text-delta":
        return this.#write(part.text);
      case "tool-call":
        this.#open = null;
        this.#calls.set(part.toolCallId, this.#steps.length);
        this.#steps.push({ tool: part.toolName, input: shown(part.input), state: "running" });
        return true;
      case "tool-result":
        return this.#end(part.toolCallId, "done");
      case "tool-error":
        return this.#end(part.toolCallId, "failed");
      default:
        return false;
    }
  }

  #write(text: string): boolean {
    if (text === "" || this.chars > MAX_CHARS) return false;
    this.chars += text.length;
    const step = this.#open === null ? undefined : this.#steps[this.#open];
    if (step && "text" in step) step.text += text;
    else this.#open = this.#steps.push({ text }) - 1;
    return true;
  }

  #end(toolCallId: string, state: "done" | "failed"): boolean {
    const step = this.#steps[this.#calls.get(toolCallId) ?? -1];
    if (!step || !("tool" in step)) return false;
    step.state = state;
    return true;
  }
}

function shown(input: unknown): string {
  const text = typeof input === "string" ? input : (JSON.stringify(input) ?? "");
  return text.length <= SHOWN_INPUT ? text : `${text.slice(0, SHOWN_INPUT)}…`;
}
