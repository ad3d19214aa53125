import type { LoaderFunctionArgs } from "@remix-run/node";
import { audit } from "#app/server/audit-log.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { exportChats } from "#app/server/export-chats.server.ts";

/** All of one's own chats as a JSON file. */
export async function loader({ request, context }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  audit("ok", "export", { userId: user.id, ip: context.ip });
  return exportChats(user);
}
