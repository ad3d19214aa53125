import { redirect, type LoaderFunctionArgs } from "@remix-run/node";
import { requireUser } from "#app/server/auth.server.ts";
import { readFlow } from "#app/server/provider-flow.server.ts";
import { knownProvider } from "#app/server/sign-in-providers.server.ts";

const inHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/**
 * Goes on to the provider after the form of the settings. A page of its own, because a form may not lead to another
 * site, by way of redirects either.
 */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request);
  const { id, name } = knownProvider(params.provider);
  const flow = await readFlow(request, id);
  if (flow?.connect !== user.id) return redirect("/settings#sign-in-ways");
  const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Longrun</title><p><a href="${inHtml(flow.url)}">Continue to ${inHtml(name)}</a></p></html>`;
  return new Response(page, {
    headers: { "Content-Type": "text/html; charset=utf-8", Refresh: `0; url=${flow.url}` },
  });
}
