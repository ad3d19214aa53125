import type { LoaderFunctionArgs } from "@remix-run/node";
import { audit } from "#app/server/audit-log.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { exportChats } from "#app/server/export-chats.server.ts";
import { refused, workLimit } from "#app/server/heavy-work.server.ts";

/** All of one's own chats as a JSON file. */
export async function loader({ request, context }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const full = await workLimit(user.id, "export");
  if (full) return refused(full);
  audit("ok", "export", { userId: user.id, ip: context.ip });
  return exportChats(user);
}
