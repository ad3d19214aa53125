import { z } from "zod";
import type { AttachedFile } from "#app/shared/attachment.ts";

const DRAFT = "longrun.draft.";
const SENT = "longrun.sent.";
const FILES = "longrun.files.";
const SENT_FILES = "longrun.sent-files.";
const EDIT = "longrun.edit.";

/** The name of the draft of the new-chat page; every other draft has its chat's id. */
export const NEW_CHAT_DRAFT = "new";

/** Of a draft that was never sent. */
export const NOTHING_KNOWN: Known = { texts: [], files: [] };

/** What the server already has of a draft's messages: texts, and ids of files. */
export type Known = { texts: readonly string[]; files: readonly string[] };

/** What this page has sent under each name, and does not know to be acknowledged. */
const sentHere = new Map<string, Known>();

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

const fileList = z.array(
  z.object({ id: z.string(), name: z.string(), mediaType: z.string(), size: z.number() }),
);

function listOf<T>(text: string | null, shape: z.ZodType<T[]>): T[] {
  const stored: unknown = attempt(() => JSON.parse(text || "[]"));
  return shape.safeParse(stored).data ?? [];
}

const readList = <T>(key: string, shape: z.ZodType<T[]>): T[] => listOf(read(key), shape);

const writeList = (key: string, list: readonly unknown[]): void =>
  write(key, list.length > 0 ? JSON.stringify(list) : "");

const sentTexts = (name: string): string[] => readList(SENT + name, z.array(z.string()));
const sentFiles = (name: string): AttachedFile[] => readList(SENT_FILES + name, fileList);

/** Keeps what is in the box now; an empty box has no draft. */
export function keepDraft(name: string, text: string): void {
  write(DRAFT + name, text);
}

/** What was kept last; empty where there is no draft. */
export const readDraft = (name: string): string => read(DRAFT + name);

/**
 * What another tab of this browser does with the draft. `sent`: these texts and files were sent there, and are no draft
 * here either. `emptied`: nothing is kept any more.
 */
export function onDraftElsewhere(
  name: string,
  { sent, emptied }: { sent: (known: Known) => void; emptied: () => void },
): () => void {
  const listen = ({ key, newValue }: StorageEvent) => {
    if (key === DRAFT + name && newValue === null) emptied();
    else if (key === SENT + name) sent({ texts: listOf(newValue, z.array(z.string())), files: [] });
    else if (key === SENT_FILES + name)
      sent({ texts: [], files: listOf(newValue, fileList).map(({ id }) => id) });
  };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}

const editShape = z.object({ messageId: z.string(), text: z.string() });

/** What is written in the place of a message, and not sent. A chat has one such edit. */
export type Edit = z.infer<typeof editShape>;

export function keepEdit(chatId: string, edit: Edit | null): void {
  write(EDIT + chatId, edit ? JSON.stringify(edit) : "");
}

export function keptEdit(chatId: string): Edit | null {
  const stored: unknown = attempt(() => JSON.parse(read(EDIT + chatId) || "null"));
  return editShape.safeParse(stored).data ?? null;
}

/** Keeps which files are attached to what is in the box. */
export function keepFiles(name: string, files: readonly AttachedFile[]): void {
  writeList(FILES + name, files);
}

/**
 * What was typed leaves the box with its files, and is kept until the server has acknowledged it. What another tab of
 * the same chat has written meanwhile is the draft now, and stays.
 */
export function draftSent(name: string, text: string, files: readonly AttachedFile[] = []): void {
  writeList(SENT + name, [...sentTexts(name), ...(text === "" ? [] : [text])]);
  writeList(SENT_FILES + name, [...sentFiles(name), ...files]);
  const { texts, files: ids } = sentHere.get(name) ?? NOTHING_KNOWN;
  sentHere.set(name, { texts: [...texts, text], files: [...ids, ...files.map(({ id }) => id)] });
  if (read(DRAFT + name) === text) write(DRAFT + name, "");
  const sent = new Set(files.map(({ id }) => id));
  keepFiles(
    name,
    readList(FILES + name, fileList).filter(({ id }) => !sent.has(id)),
  );
}

/** What was sent is given up, and not to come back after a reload. Gives those of its files that are known here. */
export function draftGivenUp(
  name: string,
  { text, files }: { text: string; files: readonly string[] },
): AttachedFile[] {
  const texts = sentTexts(name);
  const at = texts.indexOf(text);
  writeList(SENT + name, at === -1 ? texts : texts.toSpliced(at, 1));
  const attached = sentFiles(name);
  writeList(
    SENT_FILES + name,
    attached.filter(({ id }) => !files.includes(id)),
  );
  return attached.filter(({ id }) => files.includes(id));
}

/**
 * The server has what was sent under this name: what is known of it, or all that this page has sent. What another tab
 * has sent may still be on its way.
 */
export function draftAcknowledged(name: string, known: Known = sentHere.get(name) ?? NOTHING_KNOWN): void {
  sentHere.delete(name);
  writeList(
    SENT + name,
    sentTexts(name).filter((text) => !known.texts.includes(text)),
  );
  writeList(
    SENT_FILES + name,
    sentFiles(name).filter(({ id }) => !known.files.includes(id)),
  );
}

/**
 * What belongs into an empty box: what was sent and is not among the texts and files that the server has, then what
 * was typed and attached. From here on all of it is the draft.
 */
export function reopenDraft(name: string, known: Known): { text: string; files: AttachedFile[] } {
  const unsent = sentTexts(name).filter((text) => !known.texts.includes(text));
  const text = [...unsent, read(DRAFT + name)].filter((piece) => piece !== "").join("\n\n");
  const all = [...sentFiles(name), ...readList(FILES + name, fileList)];
  const files = all.filter(
    ({ id }, index) => !known.files.includes(id) && all.findIndex((other) => other.id === id) === index,
  );
  writeList(SENT + name, []);
  writeList(SENT_FILES + name, []);
  keepDraft(name, text);
  keepFiles(name, files);
  return { text, files };
}

/** Forgets one draft. */
export function dropDraft(name: string): void {
  for (const kind of KINDS) write(kind + name, "");
}

const KINDS = [DRAFT, SENT, FILES, SENT_FILES, EDIT];

/** For a chat that is deleted: its draft goes, and those of its documents. */
export function dropChatDrafts(chatId: string): void {
  dropDraft(chatId);
  dropBeginning(`${chatId}.`);
}

/** For sign-out: the next person at this browser finds nothing. */
export function dropAllDrafts(): void {
  dropBeginning("");
}

function dropBeginning(name: string): void {
  attempt((storage) => {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    for (const key of keys) if (KINDS.some((kind) => key.startsWith(kind + name))) storage.removeItem(key);
  });
}
