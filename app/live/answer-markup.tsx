import { isToolUIPart } from "ai";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { MessageList } from "#app/chat/message-list.tsx";
import { MessagePart } from "#app/chat/message-part.tsx";
import { decidedText } from "#app/live/decided-text.ts";
import { GrowingHtml } from "#app/live/growing-html.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Markdown } from "#app/ui/markdown.tsx";
import { markdownBlocks } from "#app/ui/markdown-blocks.ts";

type Part = LongrunUIMessage["parts"][number];

const WRITTEN = { role: "assistant", streaming: true } as const;

const draw = (element: ReactElement): string => renderToStaticMarkup(element);

/** One answer as HTML that is only appended to while the answer grows: for a page that runs no scripts. */
export class AnswerMarkup {
  readonly #frame = new GrowingHtml();
  readonly #units: UnitMarkup[] = [];
  #finished = 0;

  /** The HTML to append. `ended`: nothing follows, and every element is closed. */
  update(answer: LongrunUIMessage, ended: boolean): string {
    const frame = draw(
      <MessageList
        messages={[{ ...answer, parts: [] }]}
        partialIds={[]}
        delivery={{}}
        streaming
        open
        onRetry={() => undefined}
      />,
    );
    return this.#frame.grow(frame, false) + this.#grow(answer.parts, ended) + this.#close(frame, ended);
  }

  #grow(parts: Part[], ended: boolean): string {
    let more = "";
    const units = unitsOf(parts);
    for (const [at, unit] of units.entries()) {
      if (at < this.#finished) continue;
      const finished = ended || at < units.length - 1;
      more += (this.#units[at] ??= new UnitMarkup()).grow(unit, finished);
      if (finished) this.#finished = at + 1;
    }
    return more;
  }

  #close(frame: string, ended: boolean): string {
    return ended ? this.#frame.grow(frame, true) : "";
  }
}

/** Calls that were made together get their results in any order, so they are written as one. */
function unitsOf(parts: Part[]): Part[][] {
  const units: Part[][] = [];
  for (const [at, part] of parts.entries()) {
    const before = parts[at - 1];
    if (isToolUIPart(part) && before && isToolUIPart(before)) units.at(-1)?.push(part);
    else units.push([part]);
  }
  return units;
}

class UnitMarkup {
  readonly #whole = new GrowingHtml();
  readonly #blocks: GrowingHtml[] = [];
  #finished = 0;
  #calls: string | null = null;

  grow(unit: Part[], finished: boolean): string {
    const [part] = unit;
    if (!part) return "";
    if (isToolUIPart(part)) return this.#growCalls(unit, finished);
    if (part.type === "text") return this.#growText(part.text, finished);
    if (part.type === "reasoning") {
      const running = { ...part, state: "streaming" as const };
      return this.#whole.grow(draw(<MessagePart part={running} {...WRITTEN} />), finished);
    }
    return finished ? draw(<MessagePart part={part} {...WRITTEN} />) : "";
  }

  /** The cards again each time that they tell something new; the styles show the last ones alone. */
  #growCalls(calls: Part[], finished: boolean): string {
    const told = calls.filter((call) => finished || !isToolUIPart(call) || call.state !== "input-streaming");
    const cards = told.map((part) => draw(<MessagePart part={part} {...WRITTEN} />)).join("");
    let more = this.#calls === null && cards !== "" ? '<div class="live-calls">' : "";
    if (cards !== (this.#calls ?? "")) more += `<div>${cards}</div>`;
    if (cards !== "") this.#calls = cards;
    return more + (finished && this.#calls !== null ? "</div>" : "");
  }

  #growText(text: string, finished: boolean): string {
    const shell = draw(<MessagePart part={{ type: "text", text: "" }} {...WRITTEN} />);
    const decided = finished ? text : decidedText(text);
    const blocks = markdownBlocks(decided, !finished);
    let more = this.#whole.grow(shell, false);
    for (const [at, block] of blocks.entries()) {
      if (at < this.#finished) continue;
      const last = at === blocks.length - 1;
      const html =
        (at > 0 ? "\n" : "") + draw(<Markdown text={block} streaming={last && !finished} formulas={false} />);
      more += (this.#blocks[at] ??= new GrowingHtml()).grow(html, finished || !last);
      if (!last) this.#finished = at + 1;
    }
    return more + (finished ? this.#whole.grow(shell, true) : "");
  }
}
