import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { audit } from "#app/server/audit-log.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { importChats } from "#app/server/import-chats.server.ts";
import { readForm } from "#app/server/read-form.server.ts";

/** Chats from a file that was exported here or elsewhere. */
export async function action({ request, context }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const ids = await importChats(user.id, (await readForm(request)).get("file"));
  if (!ids) return redirect("/settings?saved=import-refused#export");
  audit("ok", "import", { userId: user.id, ip: context.ip, count: ids.length });
  return redirect(ids.length === 1 ? `/chats/${ids[0]}` : "/chats");
}
