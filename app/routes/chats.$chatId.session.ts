import type { ActionFunctionArgs } from "@remix-run/node";
import { requireUserJson } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { retryHeaders } from "#app/server/limits.server.ts";
import { newChatLimit } from "#app/server/new-chats.server.ts";
import { startChat } from "#app/server/start-chat.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import type { TokenReply } from "#app/shared/resume-handle.ts";

/** Makes the chat under a free id with its session and first run, or finds one's own; answers its token. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(params.chatId)) return Response.json({ error: "A chat id is a UUID." }, { status: 400 });
  const { chatId } = params;
  const full = await newChatLimit(user.id, chatId);
  if (full) {
    return Response.json({ error: full.error }, { status: full.status, headers: retryHeaders(full) });
  }
  let publicAccessToken: string | null;
  try {
    publicAccessToken = await startChat({ userId: user.id, chatId });
  } catch (error) {
    log("error", "session-failed", { chatId, ...describeError(error) });
    return Response.json({ error: "The chat could not be started. Try again in a moment." }, { status: 503 });
  }
  if (publicAccessToken === null) {
    await auditForeignChat({ userId: user.id, chatId });
    return Response.json({ error: "There is no such chat." }, { status: 404 });
  }
  return Response.json({ publicAccessToken } satisfies TokenReply);
}
