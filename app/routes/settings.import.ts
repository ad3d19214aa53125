import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { audit } from "#app/server/audit-log.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { refused, workLimit } from "#app/server/heavy-work.server.ts";
import { importChats } from "#app/server/import-chats.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { missedCount } from "#app/shared/files-missed.ts";

/** Chats from a file that was exported here or elsewhere. Where files of them were not taken, the settings say so. */
export async function action({ request, context }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const full = await workLimit(user.id, "import");
  if (full) {
    // Whoever sends listens only when all is sent.
    await request.body?.pipeTo(new WritableStream());
    return refused(full);
  }
  const imported = await importChats(user.id, (await readForm(request)).get("file"));
  if (!imported) return redirect("/settings?saved=import-refused#export");
  const { ids, missed } = imported;
  audit("ok", "import", { userId: user.id, ip: context.ip, count: ids.length });
  const [only = "", ...others] = ids;
  if (missedCount(missed) === 0) return redirect(others.length === 0 ? `/chats/${only}` : "/chats");
  const told = { saved: "imported", ...(others.length === 0 ? { chat: only } : {}), ...missed };
  const query = new URLSearchParams(Object.entries(told).map(([name, value]) => [name, String(value)]));
  return redirect(`/settings?${query}#export`);
}
