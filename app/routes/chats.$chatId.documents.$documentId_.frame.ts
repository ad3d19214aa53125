import type { LoaderFunctionArgs } from "@remix-run/node";
import { documentPage } from "#app/models/document-page.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { FRAME_POLICY, framePage } from "#app/server/document-frame.server.ts";
import { versionOf } from "#app/server/documents.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const missing = () => new Response("Not found", { status: 404 });

/**
 * A written web page, for the sandboxed frame beside the chat and nowhere else: in a tab of its own it could lead
 * away with what stands in it. Browsers that do not say where it goes (over plain http) are held by the sandbox.
 */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const { chatId, documentId } = params;
  if (!isChatId(chatId) || !documentId) throw missing();
  const destination = request.headers.get("Sec-Fetch-Dest");
  const place = { documentId, version: versionOf(request.url) };
  const page = await documentPage({ userId: user.id, chatId, place });
  if (page?.kind !== "html" || (destination !== null && destination !== "iframe")) {
    await auditForeignChat({ userId: user.id, chatId });
    throw missing();
  }
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": FRAME_POLICY };
  return new Response(framePage(page.shown.text), { headers });
}
