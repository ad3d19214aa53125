import { redirect, type ActionFunctionArgs, type LoaderFunctionArgs } from "@remix-run/node";
import { chatOwner } from "#app/models/chat.server.ts";
import { documentPage } from "#app/models/document-page.server.ts";
import { requireUser, requireUserJson } from "#app/server/auth.server.ts";
import { saveDocument, versionOf } from "#app/server/documents.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const missing = () => Response.json({ error: "There is no such document." }, { status: 404 });

/** A version of a document, the newest without `?version=`, as the page beside the chat shows it. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  const { chatId, documentId } = params;
  if (!isChatId(chatId) || !documentId) return missing();
  const place = { documentId, version: versionOf(request.url) };
  const page = await documentPage({ userId: user.id, chatId, place });
  if (page) return Response.json(page);
  await auditForeignChat({ userId: user.id, chatId });
  return missing();
}

/** A new version by the person. With `stay` it is answered as JSON, otherwise the chat's page shows it. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const { chatId, documentId } = params;
  if (!isChatId(chatId) || !documentId) return missing();
  if ((await chatOwner(chatId)) !== user.id) {
    await auditForeignChat({ userId: user.id, chatId });
    return missing();
  }
  const form = await readForm(request);
  const saved = await saveDocument({ userId: user.id, chatId, documentId }, form);
  if ("error" in saved) {
    const { status, ...told } = saved;
    return Response.json(told, { status });
  }
  if (form.get("stay") !== null) return Response.json(saved.page);
  return redirect(`/chats/${chatId}?${new URLSearchParams({ document: documentId })}`);
}
