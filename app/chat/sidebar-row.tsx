import { NavLink, useFetcher, useParams } from "@remix-run/react";
import { Pencil, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { dropChatDrafts } from "#app/chat/drafts.ts";
import { IconButton } from "#app/ui/button.tsx";
import { ConfirmDialog } from "#app/ui/dialog.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Answer = { done?: true; error?: string };

const TOLD = { answering: "Being answered", done: "New answer" } as const;

type Props = { id: string; title: string | null; news: keyof typeof TOLD | undefined };

/** A link to one chat, with what can be done to it. */
export function SidebarRow({ id, title, news }: Props) {
  const [renaming, setRenaming] = useState(false);
  const [asking, setAsking] = useState(false);
  const hydrated = useHydrated();
  const shown = title ?? "Untitled";
  if (renaming) return <RenameRow id={id} title={title ?? ""} onClose={() => setRenaming(false)} />;
  return (
    <li className="row">
      <NavLink to={`/chats/${id}`} className="row-link" title={shown} data-news={news}>
        {shown}
        {news && <span className="unseen">. {TOLD[news]}</span>}
      </NavLink>
      {hydrated && (
        <span className="row-acts">
          <IconButton label={`Rename “${shown}”`} onClick={() => setRenaming(true)}>
            <Pencil size={14} aria-hidden />
          </IconButton>
          <IconButton label={`Delete “${shown}”`} onClick={() => setAsking(true)}>
            <Trash2 size={14} aria-hidden />
          </IconButton>
        </span>
      )}
      <DeleteDialog id={id} title={shown} open={asking} onClose={() => setAsking(false)} />
    </li>
  );
}

function DeleteDialog(props: { id: string; title: string; open: boolean; onClose: () => void }) {
  const { id, title, open, onClose } = props;
  const fetcher = useFetcher<Answer>();
  const current = useParams().chatId === id;
  const submit = () => {
    const form = { intent: "delete", ...(current ? {} : { stay: "1" }) };
    dropChatDrafts(id);
    fetcher.submit(form, { method: "post", action: `/chats/${id}` });
  };
  return (
    <ConfirmDialog
      open={open}
      title="Delete this chat?"
      confirm="Delete"
      busy={fetcher.state !== "idle"}
      onConfirm={submit}
      onClose={onClose}
    >
      <p>“{title}” and all of its messages will be gone. This cannot be undone.</p>
      {fetcher.data?.error && <ErrorLine>{fetcher.data.error}</ErrorLine>}
    </ConfirmDialog>
  );
}

function RenameRow({ id, title, onClose }: { id: string; title: string; onClose: () => void }) {
  const fetcher = useFetcher<Answer>();
  const input = useRef<HTMLInputElement>(null);
  const done = fetcher.state === "idle" && fetcher.data?.done === true;
  useEffect(() => input.current?.select(), []);
  useEffect(() => {
    if (done) onClose();
  }, [done, onClose]);
  return (
    <li className="row renaming">
      <fetcher.Form
        method="post"
        action={`/chats/${id}`}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          onClose();
        }}
        onBlur={(event) => {
          const leaves = !event.currentTarget.contains(event.relatedTarget);
          if (leaves && fetcher.state === "idle") fetcher.submit(event.currentTarget);
        }}
      >
        <input type="hidden" name="intent" value="rename" />
        <input
          ref={input}
          name="title"
          defaultValue={title}
          aria-label="New title"
          maxLength={200}
          autoComplete="off"
        />
      </fetcher.Form>
      {fetcher.data?.error && <ErrorLine>{fetcher.data.error}</ErrorLine>}
    </li>
  );
}
