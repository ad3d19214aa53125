import { expect, test } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { AnswerMarkup } from "./answer-markup.tsx";
import { liveDocument } from "./live-document.ts";
import { LIVE_MARK } from "#app/chat/live-view.tsx";

type Part = LongrunUIMessage["parts"][number];
const message = (...parts: Part[]): LongrunUIMessage => ({ id: "a1", role: "assistant", parts });
const text = (value: string): Part => ({ type: "text", text: value });

/** The answer written letter by letter: the HTML, and what a reader has seen after each letter. */
function written(whole: string, before: Part[] = []): { html: string; seen: string[] } {
  const markup = new AnswerMarkup();
  let html = "";
  const seen: string[] = [];
  for (let length = 1; length <= whole.length; length += 1) {
    html += markup.update(message(...before, text(whole.slice(0, length))), false);
    seen.push(textOf(html));
  }
  html += markup.update(message(...before, text(whole)), true);
  return { html, seen };
}

const textOf = (html: string) =>
  html
    .replace(/<h2.*?<\/h2>/g, "")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");

const balance = (html: string) =>
  (html.match(/<[a-z][^>]*[^/]>|<[a-z]>/g) ?? []).length - (html.match(/<\/[a-z]/g) ?? []).length;

test("plain words follow letter by letter, at most a space behind, and end as they are", () => {
  const whole = "word1 word2, word3. And “more” – 漢字 & 5 < 6.";
  const { html, seen } = written(whole);
  expect(textOf(html)).toBe(whole);
  expect(balance(html)).toBe(0);
  for (const [at, shown] of seen.entries()) {
    expect(whole.startsWith(shown)).toBe(true);
    expect(shown.length).toBeGreaterThanOrEqual(at - 2);
  }
  expect(html).toContain('data-message-id="a1" data-role="assistant"');
  expect(html.match(/data-part="text"/g)).toHaveLength(1);
});

test("paragraphs, lists, emphasis and code are elements, and no text of them comes twice or goes", () => {
  const whole = "First **bold** word.\n\n- one\n- two `code`\n\n```js\nconst a = 1;\n```\n\nLast.";
  const { html, seen } = written(whole);
  expect(textOf(written("Q&amp;A goes on").html)).toBe("Q&A goes on");
  expect(html).toContain("<strong>bold</strong>");
  expect(html).toMatch(/<li>one<\/li>/);
  expect(html).toContain("<p>Last.</p></div></div></article>");
  expect(textOf(html).replace(/\s+/g, " ")).toBe("First bold word. one two code const a = 1; Last.");
  const lengths = seen.map((shown) => shown.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
});

test("a text that turns out to be something else goes on as text, and its elements are closed", () => {
  const { html } = written("See [the docs](https://example.org) and on.\n\n[x]: https://example.org\n\nEnd.");
  expect(textOf(html)).toContain("See the docs");
  expect(textOf(html)).toContain("and on.");
  expect(html.endsWith("</div></div></article>")).toBe(true);
});

test("what a model writes as HTML is text, and an image does not load", () => {
  const { html } = written(
    '<script>alert("x")</script> ![i](https://evil.example/a.png) <img src=x onerror=y>',
  );
  expect(html).not.toMatch(/<script|<img/);
  expect(textOf(html)).toContain('<script>alert("x")</script>');
});

test("thoughts and calls stand before the text, each once", () => {
  const call = { type: "tool-currentTime", toolCallId: "t1" } as const;
  const markup = new AnswerMarkup();
  const thought = (value: string): Part => ({ type: "reasoning", text: value, state: "streaming" });
  let html = markup.update(message(thought("Let")), false);
  html += markup.update(message(thought("Let me")), false);
  const running = { ...call, state: "input-available", input: {} } as Part;
  html += markup.update(
    message(thought("Let me see."), { ...call, state: "input-streaming" } as Part),
    false,
  );
  html += markup.update(message(thought("Let me see."), running), false);
  html += markup.update(message(thought("Let me see."), running, text("It is")), false);
  html += markup.update(message(thought("Let me see."), running, text("It is noon.")), true);
  expect(html.match(/Let me see\./g)).toHaveLength(1);
  expect(html.match(/<code>currentTime<\/code>/g)).toHaveLength(1);
  expect(html.indexOf("Let me see.")).toBeLessThan(html.indexOf("currentTime"));
  expect(html).toContain("It is noon.</p>");
  expect(balance(html)).toBe(0);
});

test("what calls that were made together come to follows in any order, and the last cards stand alone", () => {
  const markup = new AnswerMarkup();
  const call = (id: string, output?: string) =>
    ({
      type: "tool-calculate",
      toolCallId: id,
      input: { expression: id },
      ...(output === undefined ? { state: "input-available" } : { state: "output-available", output }),
    }) as Part;
  const done = (id: string, result: string) => ({ ...call(id, ""), output: { result } }) as Part;
  let html = markup.update(message(call("1+1"), call("2+2")), false);
  html += markup.update(message(call("1+1"), call("2+2")), false);
  html += markup.update(message(call("1+1"), done("2+2", "4")), false);
  html += markup.update(message(done("1+1", "2"), done("2+2", "4")), false);
  html += markup.update(message(done("1+1", "2"), done("2+2", "4"), text("So.")), true);
  const [, cards = ""] = /<div class="live-calls">([^]*)<\/div><div data-part="text"/.exec(html) ?? [];
  const last = cards.split("<div><details").at(-1) ?? "";
  expect(cards.match(/<div><details/g)).toHaveLength(3);
  expect(textOf(`<i ${last}`)).toMatch(/Calculated[^]*Result2Calculated[^]*Result4$/);
  expect(balance(html)).toBe(0);
});

test("the document is sent up to the answer, then the answer as it grows, then the rest", async () => {
  async function* versions() {
    yield { answer: message(text("One")), ended: false };
    yield { answer: message(text("One two")), ended: true };
  }
  const pieces: string[] = [];
  for await (const piece of liveDocument(`<main>${LIVE_MARK}</main>`, versions())) pieces.push(piece);
  expect(pieces[0]).toBe("<main>");
  expect(pieces[1]).toContain("One");
  expect(pieces[2]).toContain(" two</p>");
  expect(pieces.at(-1)).toBe("</main>");
});
