import { useCallback, useEffect, useRef, useState } from "react";
import { keepFiles } from "#app/chat/drafts.ts";
import { stillThere, takeBack, uploadFile, UploadError } from "#app/chat/upload-file.ts";
import {
  type AttachedFile,
  type AttachmentOffer,
  cleanFileName,
  tooLarge,
  tooMuch,
} from "#app/shared/attachment.ts";

/** One file of the message that is being written. */
export type Attached = {
  key: string;
  name: string;
  size: number;
  mediaType: string;
  /** From 0 to 1 while it is being uploaded; null when that is over. */
  share: number | null;
  /** Why it is not stored; `final`: trying again would change nothing. */
  failed: { why: string; final: boolean } | null;
  /** As the server has it. */
  stored: AttachedFile | null;
};

export type Attachments = {
  list: readonly Attached[];
  stored: AttachedFile[];
  /** Some are not stored yet. */
  waiting: boolean;
  /** What was not taken, and why. */
  note: string | null;
  say: (note: string | null) => void;
  add: (files: Iterable<File>) => void;
  retry: (key: string) => void;
  remove: (key: string) => void;
  /** Files that were stored before: of a draft, or of a form that came back. */
  restore: (files: readonly AttachedFile[]) => void;
  /** They were sent. */
  clear: () => void;
  /** These were sent elsewhere. */
  forget: (ids: readonly string[]) => void;
  /** Writes the list down once more. */
  keep: () => void;
};

const asAttached = (stored: AttachedFile): Attached => ({
  ...stored,
  key: stored.id,
  share: null,
  failed: null,
  stored,
});

/** The files of the message that is being written; each is stored at once, and kept with the draft. */
export function useAttachments(
  draft: string,
  offer: AttachmentOffer,
  returned: readonly AttachedFile[],
): Attachments {
  const [list, setList] = useState<readonly Attached[]>(() => returned.map(asAttached));
  const [note, say] = useState<string | null>(null);
  const sources = useRef(new Map<string, { file: File; stop: AbortController }>());
  /** What is in the list now; `list` is what is on screen. */
  const shown = useRef(list);
  const show = useCallback((change: (before: readonly Attached[]) => readonly Attached[]) => {
    shown.current = change(shown.current);
    setList(shown.current);
  }, []);
  const keep = useCallback(() => keepFiles(draft, storedOf(shown.current)), [draft]);

  useEffect(() => {
    const running = sources.current;
    return () => running.forEach(({ stop }) => stop.abort());
  }, []);

  const upload = useCallback(
    async (key: string, file: File) => {
      const stop = new AbortController();
      sources.current.set(key, { file, stop });
      const patch = (with_: Partial<Attached>) =>
        show((before) => before.map((one) => (one.key === key ? { ...one, ...with_ } : one)));
      patch({ share: 0, failed: null });
      try {
        const stored = await uploadFile(file, { signal: stop.signal, onShare: (share) => patch({ share }) });
        if (stop.signal.aborted) return takeBack(stored.id);
        sources.current.delete(key);
        const { name, size, mediaType } = stored;
        patch({ name, size, mediaType, share: null, stored });
        keep();
      } catch (error) {
        if (stop.signal.aborted) return;
        const final = error instanceof UploadError && error.final;
        patch({ share: null, failed: { why: error instanceof Error ? error.message : "", final } });
      }
    },
    [show, keep],
  );

  const add = useCallback(
    (files: Iterable<File>) => {
      say(offer.refused);
      if (offer.refused !== null) return;
      for (const file of files) {
        const name = cleanFileName(file.name);
        const { size } = file;
        const refusal =
          size > offer.limits.file
            ? tooLarge(name, offer.limits)
            : tooMuch([...shown.current.filter(({ failed }) => !failed?.final), { size }], offer.limits);
        if (refusal !== null) {
          say(refusal);
          continue;
        }
        const key = crypto.randomUUID();
        const mediaType = file.type || "text/plain";
        show((before) => [...before, { key, name, size, mediaType, share: 0, failed: null, stored: null }]);
        void upload(key, file);
      }
    },
    [offer, show, upload],
  );

  const retry = useCallback(
    (key: string) => {
      const source = sources.current.get(key);
      if (source) void upload(key, source.file);
    },
    [upload],
  );

  const remove = useCallback(
    (key: string) => {
      sources.current.get(key)?.stop.abort();
      sources.current.delete(key);
      const gone = shown.current.find((one) => one.key === key);
      show((before) => before.filter((one) => one.key !== key));
      say(null);
      keep();
      if (gone?.stored) takeBack(gone.stored.id);
    },
    [show, keep],
  );

  const restore = useCallback(
    (files: readonly AttachedFile[]) => {
      const known = new Set(storedOf(shown.current).map(({ id }) => id));
      show((before) => [...before, ...files.filter(({ id }) => !known.has(id)).map(asAttached)]);
      keep();
      void stillThere(files).then((there) => {
        const gone = files.filter((file) => !there.includes(file));
        if (gone.length === 0) return;
        show((before) => before.filter(({ key }) => !gone.some(({ id }) => id === key)));
        keep();
        say(
          `${gone.map(({ name }) => `“${name}”`).join(", ")} waited too long to be sent. Attach again what you need.`,
        );
      });
    },
    [show, keep],
  );

  const clear = useCallback(() => {
    show(() => []);
    say(null);
  }, [show]);

  const forget = useCallback(
    (ids: readonly string[]) =>
      show((before) => before.filter(({ stored }) => stored === null || !ids.includes(stored.id))),
    [show],
  );

  const waiting = list.some(({ stored }) => stored === null);
  return {
    list,
    stored: storedOf(list),
    waiting,
    note,
    say,
    add,
    retry,
    remove,
    restore,
    clear,
    forget,
    keep,
  };
}

const storedOf = (list: readonly Attached[]): AttachedFile[] => list.flatMap(({ stored }) => stored ?? []);
