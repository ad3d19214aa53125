import { isToolUIPart } from "ai";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { MessageList } from "#app/chat/message-list.tsx";
import { MessagePart } from "#app/chat/message-part.tsx";
import { GrowingHtml } from "#app/live/growing-html.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Markdown } from "#app/ui/markdown.tsx";
import { markdownBlocks } from "#app/ui/markdown-blocks.ts";

type Part = LongrunUIMessage["parts"][number];

/** Signs at the end of a text may be the beginning of Markdown: they wait for what comes next. */
const UNDECIDED = /(?:[\s*_`~[\]()!<>|#\\=:&-]+|&#?[a-z0-9]{1,31})$/i;
/** So does a last line that has nothing yet but what a list, a heading or a table begins with. */
const UNDECIDED_LINE = /(^|\n)[ \t]*(?:\d{1,9}[.)]?|[-+*#>|=_~`\s]+)$/;

const WRITTEN = { role: "assistant", streaming: true } as const;

const draw = (element: ReactElement): string => renderToStaticMarkup(element);

/** One answer as HTML that is only appended to while the answer grows: for a page that runs no scripts. */
export class AnswerMarkup {
  readonly #frame = new GrowingHtml();
  readonly #parts: PartMarkup[] = [];
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
    for (const [at, part] of parts.entries()) {
      if (at < this.#finished) continue;
      const finished = ended || at < parts.length - 1;
      more += (this.#parts[at] ??= new PartMarkup()).grow(part, finished);
      if (finished) this.#finished = at + 1;
    }
    return more;
  }

  #close(frame: string, ended: boolean): string {
    return ended ? this.#frame.grow(frame, true) : "";
  }
}

class PartMarkup {
  readonly #whole = new GrowingHtml();
  readonly #blocks: GrowingHtml[] = [];
  #finished = 0;

  grow(part: Part, finished: boolean): string {
    if (part.type === "text") return this.#growText(part.text, finished);
    if (part.type === "reasoning") {
      const running = { ...part, state: "streaming" as const };
      return this.#whole.grow(draw(<MessagePart part={running} {...WRITTEN} />), finished);
    }
    // A card tells what the tool does as soon as it is called; what came of it is on the page that follows.
    if (!finished && (!isToolUIPart(part) || part.state === "input-streaming")) return "";
    if (this.#finished > 0) return "";
    this.#finished = 1;
    return draw(<MessagePart part={part} {...WRITTEN} />);
  }

  #growText(text: string, finished: boolean): string {
    const shell = draw(<MessagePart part={{ type: "text", text: "" }} {...WRITTEN} />);
    const decided = finished ? text : text.replace(UNDECIDED_LINE, "").replace(UNDECIDED, "");
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
