import type { LoaderFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { requireUser } from "#app/server/auth.server.ts";
import { exportChat } from "#app/server/export-chat.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { refused, workLimit } from "#app/server/heavy-work.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

const exportedAs = z.enum(["json", "json-alone", "markdown"]).catch("json");

const missing = () => new Response("Not found", { status: 404 });

/** One's own chat as a file: `?as=markdown` to read, otherwise as JSON that can be imported, with `json-alone` without its files. */
export async function loader({ request, params: { chatId } }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  if (!isChatId(chatId)) throw missing();
  const full = await workLimit(user.id, "chat export");
  if (full) return refused(full);
  const as = exportedAs.parse(new URL(request.url).searchParams.get("as"));
  const file = await exportChat({ userId: user.id, chatId }, as);
  if (file) return file;
  await auditForeignChat({ userId: user.id, chatId });
  throw missing();
}
