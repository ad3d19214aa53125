import type { LoaderFunctionArgs } from "@remix-run/node";
import { requireUser } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { earlierMessages } from "#app/server/message-window.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const missing = () => new Response("Not found", { status: 404 });

/** The messages before `?before=`, a page of them, or with `?to=` as many as lead to that one. */
export async function loader({ request, params: { chatId } }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  const { searchParams } = new URL(request.url);
  const before = searchParams.get("before");
  if (!isChatId(chatId) || !before) throw missing();
  const page = await earlierMessages({ userId: user.id, chatId }, { before, to: searchParams.get("to") });
  if (page) return Response.json(page, { headers: { "Cache-Control": "no-store" } });
  await auditForeignChat({ userId: user.id, chatId });
  throw missing();
}
