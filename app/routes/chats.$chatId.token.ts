import type { ActionFunctionArgs } from "@remix-run/node";
import { requireUserJson } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { renewToken } from "#app/server/renew-token.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import type { TokenReply } from "#app/shared/resume-handle.ts";

const missing = () => Response.json({ error: "There is no such chat." }, { status: 404 });

/** A fresh stream token for the owner. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(params.chatId)) return missing();
  const { chatId } = params;
  try {
    const publicAccessToken = await renewToken({ userId: user.id, chatId });
    if (publicAccessToken !== null) return Response.json({ publicAccessToken } satisfies TokenReply);
    await auditForeignChat({ userId: user.id, chatId });
    return missing();
  } catch (error) {
    log("error", "token-failed", { chatId, ...describeError(error) });
    return Response.json({ error: "No token could be made. Try again in a moment." }, { status: 503 });
  }
}
