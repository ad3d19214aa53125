import type { LoaderFunctionArgs } from "@remix-run/node";
import { documentPage } from "#app/models/document-page.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { versionOf } from "#app/server/documents.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import { fileOf } from "#app/shared/document-file.ts";

const missing = () => new Response("Not found", { status: 404 });

/** A version of a document as a file to keep. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const { chatId, documentId } = params;
  if (!isChatId(chatId) || !documentId) throw missing();
  const place = { documentId, version: versionOf(request.url) };
  const page = await documentPage({ userId: user.id, chatId, place });
  if (!page) {
    await auditForeignChat({ userId: user.id, chatId });
    throw missing();
  }
  const { name, type } = fileOf({ ...page, title: page.shown.title });
  const plain = name.replace(/[^\x20-\x7e]/g, "_");
  return new Response(page.shown.text, {
    headers: {
      "Content-Type": `${type}; charset=utf-8`,
      "Content-Disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`,
      // Whatever a browser makes of it, it is not one of our pages.
      "Content-Security-Policy": "sandbox; default-src 'none'",
    },
  });
}
