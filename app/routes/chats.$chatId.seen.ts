import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { markSeen } from "#app/models/chat-news.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const eventIdSchema = z.string().regex(/^\d{1,18}$/);
const missing = () => Response.json({ error: "There is no such chat." }, { status: 404 });

/** The owner has seen the answer that ended with this record of the stream. */
export async function action({ request, params: { chatId } }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (!isChatId(chatId)) return missing();
  const eventId = eventIdSchema.safeParse((await readForm(request)).get("eventId")).data ?? "0";
  if (await markSeen({ userId: user.id, chatId, eventId })) return Response.json({ done: true });
  await auditForeignChat({ userId: user.id, chatId });
  return missing();
}
