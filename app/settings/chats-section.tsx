import { Section } from "#app/settings/section.tsx";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";

/** All chats as a file, and chats from such a file. */
export function ChatsSection({ refused }: { refused: boolean }) {
  return (
    <Section
      id="export"
      title="Your chats"
      text="All chats and messages, with their dates, as one JSON file. A file of chats becomes chats of yours again, without their documents and attached files; it may have 20 MB."
    >
      <a className="button" href="/settings/export" download>
        Download my chats
      </a>
      <form method="post" action="/settings/import" encType="multipart/form-data" className="settings-form">
        {refused && (
          <ErrorLine>
            This is no file of exported chats. Choose the JSON that was downloaded here or from a chat.
          </ErrorLine>
        )}
        <div className="field">
          <label htmlFor="import-file">A file of chats</label>
          <input id="import-file" type="file" name="file" accept=".json,application/json" required />
        </div>
        <Button type="submit">Import chats</Button>
      </form>
    </Section>
  );
}
