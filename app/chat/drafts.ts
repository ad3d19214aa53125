const DRAFT = "longrun.draft.";
const SENT = "longrun.sent.";

/** The name of the draft of the new-chat page; every other draft has its chat's id. */
export const NEW_CHAT_DRAFT = "new";

/** Storage may be full, or forbidden: drafts are then not kept, and nothing else changes. */
function attempt<T>(work: (storage: Storage) => T): T | undefined {
  try {
    return work(localStorage);
  } catch {
    return undefined;
  }
}

const read = (key: string): string => attempt((storage) => storage.getItem(key)) ?? "";

function write(key: string, text: string): void {
  attempt((storage) => (text === "" ? storage.removeItem(key) : storage.setItem(key, text)));
}

function sentTexts(name: string): string[] {
  const stored: unknown = attempt(() => JSON.parse(read(SENT + name) || "[]"));
  return Array.isArray(stored) ? stored.filter((text) => typeof text === "string") : [];
}

/** Keeps what is in the box now; an empty box has no draft. */
export function keepDraft(name: string, text: string): void {
  write(DRAFT + name, text);
}

/** What was typed leaves the box, and is kept until the server has acknowledged it. */
export function draftSent(name: string, text: string): void {
  write(SENT + name, JSON.stringify([...sentTexts(name), text]));
  write(DRAFT + name, "");
}

/** The server has what was sent under this name: all of it, or these texts. */
export function draftAcknowledged(name: string, known?: readonly string[]): void {
  const left = known ? sentTexts(name).filter((text) => !known.includes(text)) : [];
  write(SENT + name, left.length > 0 ? JSON.stringify(left) : "");
}

/**
 * What belongs into an empty box: what was sent and is not among the texts that the server has, then what was
 * typed. From here on all of it is the draft.
 */
export function reopenDraft(name: string, known: readonly string[]): string {
  const unsent = sentTexts(name).filter((text) => !known.includes(text));
  const text = [...unsent, read(DRAFT + name)].filter((piece) => piece !== "").join("\n\n");
  draftAcknowledged(name);
  keepDraft(name, text);
  return text;
}

/** Forgets everything about one chat. */
export function dropDraft(name: string): void {
  write(DRAFT + name, "");
  write(SENT + name, "");
}

/** For sign-out: the next person at this browser finds nothing. */
export function dropAllDrafts(): void {
  attempt((storage) => {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    for (const key of keys) if (key.startsWith(DRAFT) || key.startsWith(SENT)) storage.removeItem(key);
  });
}
