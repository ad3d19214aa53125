import { Link } from "@remix-run/react";
import { Section } from "#app/settings/section.tsx";
import { FILE_MISSED, missedCount, type FileMissed, type FilesMissed } from "#app/shared/files-missed.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";

type Props = {
  refused: boolean;
  /** What was just imported: which files were not taken, and the chat where it is one. */
  imported: { missed: FilesMissed; chatId: string | null };
};

/** All chats as a file, and chats from such a file. */
export function ChatsSection({ refused, imported }: Props) {
  return (
    <Section
      id="export"
      title="Your chats"
      text="All chats, documents and files, with their dates, as one JSON file. A file of chats becomes chats of yours again; it may have 20 MB."
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
        {missedCount(imported.missed) > 0 && <Missed {...imported} />}
        <div className="field">
          <label htmlFor="import-file">A file of chats</label>
          <input id="import-file" type="file" name="file" accept=".json,application/json" required />
        </div>
        <Button type="submit">Import chats</Button>
      </form>
    </Section>
  );
}

function Missed({ missed, chatId }: Props["imported"]) {
  const count = missedCount(missed);
  const files =
    count === 1
      ? "one of its files. Its name stands in its place."
      : `${count} of its files. Their names stand in their place.`;
  const whys = Object.entries(missed) as [FileMissed, number][];
  return (
    <div className="settings-done">
      <p>
        {chatId ? "Your chat is here, without " : "Your chats are here, without "}
        {chatId ? files : files.replaceAll("its files", "their files")}
      </p>
      <ul>
        {whys.map(([why, many]) => (
          <li key={why}>
            {FILE_MISSED[why]}: {many}
          </li>
        ))}
      </ul>
      <Link to={chatId ? `/chats/${chatId}` : "/chats"}>{chatId ? "Open the chat" : "Open your chats"}</Link>
    </div>
  );
}
