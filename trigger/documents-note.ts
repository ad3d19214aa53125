import { newestVersions } from "#app/models/document.server.ts";

/** What the model is told of the documents beside the conversation; null where there is none. */
export async function documentsNote(chatId: string): Promise<string | null> {
  const documents = await newestVersions(chatId);
  if (documents.length === 0) return null;
  const lines = documents.map(({ documentId, title, kind, version, author }) => {
    const by = author === "person" ? "written by the person" : "written by you";
    return `- document ${documentId}: ${JSON.stringify(title)} (${kind}), version ${version}, ${by}`;
  });
  return [
    "The newest versions of the documents beside this conversation. Where the person wrote the newest one, read it with readDocument before you change it:",
    ...lines,
  ].join("\n");
}
