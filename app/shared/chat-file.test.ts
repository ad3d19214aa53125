import { describe, expect, it } from "vitest";
import { chatFileSchema } from "./chat-file.ts";
import { MAX_DOCUMENT_TEXT, MAX_DOCUMENT_TITLE, MAX_VERSIONS } from "./documents.ts";

const version = (number: number, more: object = {}) => ({
  number,
  title: "List",
  text: "milk",
  author: "model",
  ...more,
});
const document = (id: string, more: object = {}) => ({
  id,
  kind: "markdown",
  language: null,
  versions: [version(1), version(2, { author: "person" })],
  ...more,
});

const done = (tool: string, documentId: string, number: number) => ({
  type: `tool-${tool}`,
  toolCallId: `${tool} ${documentId} ${number}`,
  state: "output-available",
  input: {},
  output: {
    documentId,
    version: number,
    title: "List",
    kind: "markdown",
    language: null,
    ...(tool === "readDocument" ? { author: "model", text: "milk" } : {}),
  },
});
const failed = (tool: string, input: unknown) => ({
  type: `tool-${tool}`,
  toolCallId: JSON.stringify(input),
  state: "output-error",
  input,
  errorText: "It was not written.",
});

function read(documents: unknown, parts: unknown[] = []) {
  const message = { id: "a", role: "assistant", parts: [{ type: "text", text: "Here" }, ...parts] };
  const [chat] = chatFileSchema.parse({ chats: [{ messages: [message], documents }] }).chats;
  const calls = chat?.messages[0]?.parts.flatMap((part) => ("toolCallId" in part ? [part.toolCallId] : []));
  return { ids: chat?.documents.map(({ id }) => id), calls };
}

describe("of a file of chats", () => {
  it("documents are taken with all their versions, and by whom", () => {
    const [chat] = chatFileSchema.parse({
      chats: [{ messages: [{ id: "a", role: "user", parts: [] }], documents: [document("1")] }],
    }).chats;
    expect(chat?.documents).toEqual([document("1")]);
    expect(read(undefined).ids).toEqual([]);
  });

  it.each([
    ["an id that is no number of ours", document("1; DROP TABLE")],
    ["an id beyond what a chat may hold", document("501")],
    ["a kind that there is not", document("1", { kind: "exe" })],
    ["a language that is no name", document("1", { kind: "code", language: "<b>" })],
    ["no version", document("1", { versions: [] })],
    ["a gap between its versions", document("1", { versions: [version(1), version(3)] })],
    ["a version twice", document("1", { versions: [version(1), version(1)] })],
    ["an author that there is not", document("1", { versions: [version(1, { author: "admin" })] })],
    [
      "a text too long",
      document("1", { versions: [version(1, { text: "x".repeat(MAX_DOCUMENT_TEXT + 1) })] }),
    ],
    [
      "a title too long",
      document("1", { versions: [version(1, { title: "x".repeat(MAX_DOCUMENT_TITLE + 1) })] }),
    ],
    [
      "too many versions",
      document("1", { versions: Array.from({ length: MAX_VERSIONS + 1 }, (_, index) => version(index + 1)) }),
    ],
  ])("a document with %s is left out, and so are the calls that name it", (_, broken) => {
    expect(
      read([broken, document("2")], [done("writeDocument", broken.id, 1), done("writeDocument", "2", 1)]),
    ).toEqual({ ids: ["2"], calls: ["writeDocument 2 1"] });
  });

  it("of two documents of one id the first is taken", () => {
    expect(read([document("1"), document("1", { kind: "html" }), document("2")]).ids).toEqual(["1", "2"]);
  });

  it("calls of the tools for documents stay where what they name is in it", () => {
    const stays = [
      done("writeDocument", "1", 1),
      done("editDocument", "1", 2),
      done("readDocument", "1", 2),
      failed("editDocument", { documentId: "1" }),
      failed("writeDocument", { text: "of a new one" }),
    ];
    const goes = [
      done("writeDocument", "1", 3),
      done("writeDocument", "1", 0),
      done("readDocument", "2", 1),
      failed("editDocument", { documentId: "2" }),
      failed("readDocument", "no input"),
      { ...done("writeDocument", "1", 1), state: "input-available" },
      { ...done("writeDocument", "1", 1), output: { documentId: "1" } },
    ];
    expect(read([document("1")], [...stays, ...goes]).calls).toEqual(
      stays.map(({ toolCallId }) => toolCallId),
    );
  });
});
