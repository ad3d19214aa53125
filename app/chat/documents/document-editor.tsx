import { generateId } from "ai";
import { useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import {
  dropDocumentDraft,
  keepDocumentDraft,
  readDocumentDraft,
  type DocumentDraft,
} from "#app/chat/documents/document-draft.ts";
import type { Links } from "#app/chat/documents/document-head.tsx";
import type { DocumentTarget } from "#app/chat/documents/document-target.ts";
import { onPlainClick } from "#app/chat/documents/plain-click.ts";
import {
  documentPageSchema,
  documentUrl,
  MAX_DOCUMENT_TEXT,
  MAX_DOCUMENT_TITLE,
  newestOf,
  type DocumentPage,
} from "#app/shared/documents.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Props = Links & {
  chatId: string;
  /** Names the version that is to be made, without scripts. */
  formId: string;
  page: DocumentPage;
  /** The older version that the person chose to begin from; null: the newest. */
  chosen: number | null;
  /** Takes in a version that this has made, or has learned of. */
  onRead: (page: DocumentPage) => void;
};

const NOT_SAVED = "Not saved: Longrun cannot be reached. Your text is kept here. Try again in a moment.";

type Saved = { saved: DocumentPage } | { error: string; newest?: DocumentPage | undefined };

async function save(action: string, form: FormData): Promise<Saved> {
  form.set("stay", "1");
  try {
    const response = await fetch(action, { method: "POST", body: form });
    const body = (await response.json()) as { error?: string; newest?: unknown };
    if (response.ok) return { saved: documentPageSchema.parse(body) };
    return { error: body.error ?? NOT_SAVED, newest: documentPageSchema.safeParse(body.newest).data };
  } catch {
    return { error: NOT_SAVED };
  }
}

/** The person's own hand on a document. What is typed survives a reload until it is saved or discarded. */
export function DocumentEditor(props: Props) {
  const { chatId, page } = props;
  const hydrated = useHydrated();
  const kept = useMemo(
    () => (hydrated ? readDocumentDraft(chatId, page.id) : null),
    [hydrated, chatId, page.id],
  );
  return <Editor key={kept ? "kept" : "served"} {...props} kept={kept} />;
}

function Editor({
  chatId,
  formId,
  page,
  chosen,
  kept,
  onRead,
  href,
  go,
}: Props & { kept: DocumentDraft | null }) {
  const hydrated = useHydrated();
  const [editId] = useState(() => (hydrated ? generateId() : formId));
  const newest = newestOf(page);
  /** What was typed begins from this version; undefined: nothing was typed; null: from an older one, not known which. */
  const [typedInto, setTypedInto] = useState<number | null | undefined>(kept?.base);
  /** The person knows of this version, and saves after it. */
  const [told, setTold] = useState(chosen === null ? 0 : newest);
  const [state, setState] = useState<{ busy: boolean; error: string | null }>({ busy: false, error: null });
  const title = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const ids = { title: useId(), text: useId() };
  useEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(0, 0);
  }, []);

  // Nothing is older than a first version.
  const base = newest === 1 ? 1 : typedInto === undefined ? page.shown.number : typedInto;
  const newestView: DocumentTarget = { documentId: page.id, version: null, view: "preview" };
  const keep = (): void => {
    if (!box.current || !title.current) return;
    keepDocumentDraft(chatId, page.id, { base, title: title.current.value, text: box.current.value });
    setTypedInto(base);
  };
  const discard = (): void => {
    dropDocumentDraft(chatId, page.id);
    go(newestView);
  };
  const text = kept?.text ?? page.shown.text;
  const action = documentUrl(chatId, page.id);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true, error: null });
    const outcome = await save(action, new FormData(event.currentTarget));
    if ("error" in outcome) {
      setState({ busy: false, error: outcome.error });
      if (!outcome.newest) return;
      setTold(newestOf(outcome.newest));
      onRead(outcome.newest);
      return;
    }
    dropDocumentDraft(chatId, page.id);
    onRead(outcome.saved);
    go(newestView);
  };
  return (
    <form className="document-editor" method="post" action={action} onSubmit={(event) => void submit(event)}>
      <input type="hidden" name="editId" value={editId} />
      <input type="hidden" name="base" value={Math.max(base ?? 1, told)} />
      {typedInto !== undefined && base !== newest && (
        <output className="note">
          Your text begins from {base === null ? "an older version" : `version ${base}`}. The newest is
          version {newest}.{" "}
          <a href={href(newestView)} onClick={onPlainClick(() => go(newestView))}>
            See version {newest}
          </a>
        </output>
      )}
      <div className="field">
        <label htmlFor={ids.title}>Title</label>
        <input
          id={ids.title}
          ref={title}
          name="title"
          defaultValue={kept?.title ?? page.shown.title}
          maxLength={MAX_DOCUMENT_TITLE}
          required
          autoComplete="off"
          onInput={keep}
        />
      </div>
      <label className="unseen" htmlFor={ids.text}>
        Text
      </label>
      {/* A browser drops the first line break of a text. */}
      <textarea
        id={ids.text}
        ref={box}
        name="text"
        defaultValue={text.startsWith("\n") ? `\n${text}` : text}
        maxLength={MAX_DOCUMENT_TEXT}
        required
        spellCheck={page.kind === "markdown"}
        onInput={keep}
      />
      {state.error !== null && <ErrorLine>{state.error}</ErrorLine>}
      <div className="panel-actions">
        <Button type="submit" look="primary" aria-disabled={state.busy}>
          Save as version {newest + 1}
        </Button>
        {typedInto !== undefined && <Discard onDiscard={discard} />}
        <span className="note">The model reads it with your next message.</span>
      </div>
    </form>
  );
}

/** Asked once: the button is behind a fold. */
function Discard({ onDiscard }: { onDiscard: () => void }) {
  return (
    <details className="discard">
      <summary className="button plain">Discard…</summary>
      <Button look="danger" onClick={onDiscard}>
        Discard my changes
      </Button>
    </details>
  );
}
