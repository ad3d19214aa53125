import { Form, useFetcher } from "@remix-run/react";
import { dropChatDrafts } from "#app/chat/drafts.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Answer = { done?: true; error?: string };
type Props = { chatId: string; title: string | null };

/** What the list of chats can do to one, in the chat itself: plain forms, for a thumb and without scripts too. */
export function ThisChat({ chatId, title }: Props) {
  return (
    <section className="panel-form this-chat" aria-label="This chat">
      <Rename key={title} chatId={chatId} title={title} />
      <p className="this-chat-files">
        Download:{" "}
        <a href={`/chats/${chatId}/export?as=markdown`} download>
          Markdown
        </a>{" "}
        <a href={`/chats/${chatId}/export?as=json`} download>
          JSON
        </a>{" "}
        <a href={`/chats/${chatId}/export?as=json-alone`} download>
          JSON without files
        </a>
      </p>
      <Delete chatId={chatId} />
    </section>
  );
}

function Rename({ chatId, title }: Props) {
  const fetcher = useFetcher<Answer>();
  const hydrated = useHydrated();
  return (
    <fetcher.Form method="post" action={`/chats/${chatId}`} className="field">
      <input type="hidden" name="intent" value="rename" />
      {hydrated && <input type="hidden" name="stay" value="1" />}
      <label htmlFor="chat-title">Title</label>
      <div className="this-chat-title">
        <input
          id="chat-title"
          name="title"
          defaultValue={title ?? ""}
          placeholder="Untitled"
          maxLength={200}
          required
          autoComplete="off"
        />
        <Button type="submit">Rename</Button>
      </div>
      {fetcher.data?.error && <ErrorLine>{fetcher.data.error}</ErrorLine>}
    </fetcher.Form>
  );
}

/** Asked once: the button is behind a fold. */
function Delete({ chatId }: { chatId: string }) {
  return (
    <details>
      <summary className="button plain">Delete this chat…</summary>
      <Form method="post" action={`/chats/${chatId}`} onSubmit={() => dropChatDrafts(chatId)}>
        <input type="hidden" name="intent" value="delete" />
        <p className="note">All of its messages will be gone. This cannot be undone.</p>
        <Button type="submit" look="danger">
          Delete it
        </Button>
      </Form>
    </details>
  );
}
