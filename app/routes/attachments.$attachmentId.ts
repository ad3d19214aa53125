import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { attachmentResponse, removeAttachment } from "#app/server/attachments.server.ts";
import { requireUser, requireUserJson } from "#app/server/auth.server.ts";

const missing = () => new Response("Not found", { status: 404 });

/** One's own file. An image shows, anything else is a download; nothing in it runs. */
export async function loader({
  request,
  params: { attachmentId = "" },
}: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const response = await attachmentResponse(user.id, attachmentId);
  if (!response) throw missing();
  const { headers } = response;
  const known = request.headers.get("If-None-Match") === headers.get("ETag");
  if (!known && request.method !== "HEAD") return response;
  await response.body?.cancel();
  return new Response(null, { status: known ? 304 : 200, headers });
}

/** DELETE takes back a file that was not sent. */
export async function action({
  request,
  params: { attachmentId = "" },
}: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (request.method !== "DELETE") return Response.json({ error: "Nothing is asked for." }, { status: 405 });
  if ((await removeAttachment(user.id, attachmentId)) === "missing") {
    return Response.json({ error: "There is no such file." }, { status: 404 });
  }
  return Response.json({ done: true });
}
