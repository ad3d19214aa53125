import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  draftAcknowledged,
  draftSent,
  dropAllDrafts,
  dropChatDrafts,
  keepDraft,
  keepFiles,
  reopenDraft,
} from "./drafts.ts";

/** A browser's storage, as far as drafts use it. */
class MapStorage {
  private readonly entries = new Map<string, string>();
  get length(): number {
    return this.entries.size;
  }
  key = (index: number): string | null => [...this.entries.keys()][index] ?? null;
  getItem = (key: string): string | null => this.entries.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.entries.set(key, value);
  removeItem = (key: string): void => void this.entries.delete(key);
}

const known = (texts: string[] = [], files: string[] = []) => ({ texts, files });
const file = (id: string) => ({ id, name: `${id}.png`, mediaType: "image/png", size: 7 });

let storage: MapStorage;
beforeEach(() => {
  storage = new MapStorage();
  vi.stubGlobal("localStorage", storage);
});

describe("a draft", () => {
  it("is there again when its page opens again, for its own chat alone", () => {
    keepDraft("chat-1", "half a thou");
    expect(reopenDraft("chat-1", known()).text).toBe("half a thou");
    expect(reopenDraft("chat-1", known()).text).toBe("half a thou");
    expect(reopenDraft("chat-2", known()).text).toBe("");
  });

  it("that was sent comes back until the server has acknowledged it", () => {
    keepDraft("chat-1", "hello");
    draftSent("chat-1", "hello");
    expect(reopenDraft("chat-1", known()).text).toBe("hello");
    draftSent("chat-1", "hello");
    draftAcknowledged("chat-1");
    expect(reopenDraft("chat-1", known()).text).toBe("");
    expect(storage.length).toBe(0);
  });

  it("of another tab is left alone by what this one sends and hears acknowledged", () => {
    keepDraft("chat-1", "typed in the other tab");
    storage.setItem("longrun.sent.chat-1", JSON.stringify(["sent by the other tab"]));
    keepFiles("chat-1", [file("theirs"), file("mine")]);
    draftSent("chat-1", "sent here", [file("mine")]);
    draftAcknowledged("chat-1");
    const { text, files } = reopenDraft("chat-1", known());
    expect(text).toBe("sent by the other tab\n\ntyped in the other tab");
    expect(files.map(({ id }) => id)).toEqual(["theirs"]);
  });

  it("that was sent and is in the history is not offered again, and what was typed since is", () => {
    draftSent("chat-1", "first");
    draftSent("chat-1", "second");
    keepDraft("chat-1", "third");
    expect(reopenDraft("chat-1", known(["first"])).text).toBe("second\n\nthird");
  });

  it("of the new-chat page stays when another chat's message is what the server has", () => {
    draftSent("new", "mine");
    draftAcknowledged("new", known(["another"]));
    expect(reopenDraft("new", known()).text).toBe("mine");
    draftSent("new", "mine");
    draftAcknowledged("new", known(["mine"]));
    expect(reopenDraft("new", known()).text).toBe("");
  });

  it("keeps its files, and those that were sent come back once until the server has them", () => {
    keepFiles("chat-1", [file("a"), file("b")]);
    expect(reopenDraft("chat-1", known()).files).toEqual([file("a"), file("b")]);
    draftSent("chat-1", "", [file("a"), file("b")]);
    keepFiles("chat-1", [file("c")]);
    expect(reopenDraft("chat-1", known([], ["b"])).files).toEqual([file("a"), file("c")]);
    expect(reopenDraft("chat-1", known()).files).toEqual([file("a"), file("c")]);
    draftSent("chat-1", "text", [file("a"), file("c")]);
    draftAcknowledged("chat-1");
    expect(reopenDraft("chat-1", known())).toEqual({ text: "", files: [] });
    expect(storage.length).toBe(0);
  });

  it("goes with its chat, and all of them at sign-out, and nothing else does", () => {
    storage.setItem("other", "stays");
    for (const name of ["a", "b", "c"]) keepDraft(name, name);
    draftSent("b", "b", [file("a")]);
    keepFiles("c", [file("c")]);
    keepDraft("a.document.1", "of its document");
    dropChatDrafts("a");
    expect(reopenDraft("a", known()).text).toBe("");
    expect(reopenDraft("a.document.1", known()).text).toBe("");
    expect(reopenDraft("b", known()).text).not.toBe("");
    draftSent("b", "b", [file("a")]);
    dropAllDrafts();
    expect(storage.length).toBe(1);
    expect(storage.getItem("other")).toBe("stays");
  });

  it("of a browser that keeps nothing is simply not there", () => {
    vi.stubGlobal("localStorage", undefined);
    keepDraft("chat-1", "text");
    draftSent("chat-1", "text");
    expect(reopenDraft("chat-1", known()).text).toBe("");
    dropAllDrafts();
  });
});
