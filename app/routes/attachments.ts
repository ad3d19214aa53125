import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { attachmentsOf } from "#app/models/attachment.server.ts";
import { storeUpload, UploadFailed } from "#app/server/attachments.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";
import { type AttachedFile, MAX_FILES } from "#app/shared/attachment.ts";

/** Which of one's own files (`?id=…&id=…`) are still there. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  const ids = new URL(request.url).searchParams.getAll("id").slice(0, MAX_FILES * 4);
  const found = await attachmentsOf(user.id, ids);
  const files: AttachedFile[] = found.map(({ id, name, mediaType, size }) => ({ id, name, mediaType, size }));
  return Response.json({ files }, { headers: { "Cache-Control": "no-store" } });
}

/** Stores one file: the body is its bytes, `X-File-Name` its name as a URL component. */
export async function action({ request }: ActionFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  if (request.method !== "POST" || !request.body) {
    return Response.json({ error: "Send a file." }, { status: 400 });
  }
  const bytes = bytesOf(request.body);
  try {
    const file = await storeUpload(user.id, nameOf(request), bytes);
    return Response.json({ file }, { status: 201 });
  } catch (error) {
    if (!(error instanceof UploadFailed)) throw error;
    // Whoever sends listens only when all is sent.
    for await (const _rest of bytes);
    return Response.json({ error: error.message }, { status: error.status });
  }
}

function nameOf(request: Request): string {
  const given = request.headers.get("X-File-Name") ?? "";
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}

async function* bytesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
