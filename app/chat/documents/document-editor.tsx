import { generateId } from "ai";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { dropDraft, keepDraft, reopenDraft } from "#app/chat/drafts.ts";
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

type Props = {
  chatId: string;
  /** Names the version that is to be made, without scripts. */
  formId: string;
  page: DocumentPage;
  onSaved: (saved: DocumentPage) => void;
};

const NOT_SAVED = "Not saved: Longrun cannot be reached. Your text is kept here. Try again in a moment.";

type Saved = { saved: DocumentPage } | { error: string; newest?: number | undefined };

async function save(action: string, form: FormData): Promise<Saved> {
  form.set("stay", "1");
  try {
    const response = await fetch(action, { method: "POST", body: form });
    const body = (await response.json()) as { error?: string; newest?: number };
    if (response.ok) return { saved: documentPageSchema.parse(body) };
    return { error: body.error ?? NOT_SAVED, newest: body.newest };
  } catch {
    return { error: NOT_SAVED };
  }
}

/** The person's own hand on a document. What is typed survives a reload until it is saved. */
export function DocumentEditor({ chatId, formId, page, onSaved }: Props) {
  const hydrated = useHydrated();
  const [editId] = useState(() => (hydrated ? generateId() : formId));
  const [base, setBase] = useState(newestOf(page));
  const [state, setState] = useState<{ busy: boolean; error: string | null }>({ busy: false, error: null });
  const box = useRef<HTMLTextAreaElement>(null);
  const ids = { title: useId(), text: useId() };
  const draft = `${chatId}.document.${page.id}`;
  useEffect(() => {
    if (!box.current) return;
    const { text: kept } = reopenDraft(draft, { texts: [], files: [] });
    if (kept !== "") box.current.value = kept;
    box.current.focus();
    box.current.setSelectionRange(0, 0);
  }, [draft]);

  const action = documentUrl(chatId, page.id);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true, error: null });
    const outcome = await save(action, new FormData(event.currentTarget));
    if ("error" in outcome) {
      setState({ busy: false, error: outcome.error });
      if (outcome.newest !== undefined) setBase(outcome.newest);
      return;
    }
    dropDraft(draft);
    onSaved(outcome.saved);
  };
  return (
    <form className="document-editor" method="post" action={action} onSubmit={(event) => void submit(event)}>
      <input type="hidden" name="editId" value={editId} />
      <input type="hidden" name="base" value={base} />
      <div className="field">
        <label htmlFor={ids.title}>Title</label>
        <input
          id={ids.title}
          name="title"
          defaultValue={page.shown.title}
          maxLength={MAX_DOCUMENT_TITLE}
          required
          autoComplete="off"
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
        defaultValue={page.shown.text.startsWith("\n") ? `\n${page.shown.text}` : page.shown.text}
        maxLength={MAX_DOCUMENT_TEXT}
        required
        spellCheck={page.kind === "markdown"}
        onInput={(event) => keepDraft(draft, event.currentTarget.value)}
      />
      {state.error !== null && <ErrorLine>{state.error}</ErrorLine>}
      <div className="panel-actions">
        <Button type="submit" look="primary" aria-disabled={state.busy}>
          Save as version {base + 1}
        </Button>
        <span className="note">The model reads it with your next message.</span>
      </div>
    </form>
  );
}
