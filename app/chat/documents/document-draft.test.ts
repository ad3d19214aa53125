import { beforeEach, expect, it, vi } from "vitest";
import { dropDocumentDraft, keepDocumentDraft, readDocumentDraft } from "./document-draft.ts";

let entries: Map<string, string>;
beforeEach(() => {
  entries = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  });
});

it("keeps from which version a text was begun, and its title, until it is dropped", () => {
  const draft = { base: 3, title: "A list", text: "" };
  keepDocumentDraft("chat", "1", draft);
  expect(readDocumentDraft("chat", "1")).toEqual(draft);
  expect(readDocumentDraft("chat", "2")).toBeNull();
  dropDocumentDraft("chat", "1");
  expect(readDocumentDraft("chat", "1")).toBeNull();
  expect(entries.size).toBe(0);
});

it.each(["- milk\n- tea", "12", "null", '{"base":1,"text":"a document of JSON"}', '{"broken'])(
  "reads a draft of the text alone, as they once were: %j",
  (text) => {
    entries.set("longrun.draft.chat.document.1", text);
    expect(readDocumentDraft("chat", "1")).toEqual({ base: null, title: null, text });
  },
);
