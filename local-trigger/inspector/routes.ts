import { readText } from "../http/body.ts";
import { HttpError } from "../http/errors.ts";
import type { Route } from "../http/router.ts";
import { idsOf } from "../runs/run.ts";
import { html } from "./html.ts";
import type { InspectorDeps, PageMaker, PageRequest } from "./inspector.ts";
import { live } from "./live.ts";
import { overviewPage } from "./overview-page.ts";
import { redirect, sendPage } from "./page.ts";
import { runPage } from "./run-page.ts";
import { runsPage } from "./runs-page.ts";
import { sessionPage } from "./session-page.ts";
import { sessionsPage } from "./sessions-page.ts";
import { SignIns } from "./sign-in.ts";
import { streamPage } from "./stream-page.ts";

const formLimit = 4_096;

/** The pages that show what is inside: for a browser on this machine, behind the secret key. */
export function inspectorRoutes(deps: InspectorDeps): Route[] {
  const signIns = new SignIns(deps);
  const page = (path: string, make: PageMaker) => get(path, (request) => show(request, make));
  const get = (path: string, handler: (request: PageRequest) => Promise<void>): Route => ({
    method: "GET",
    path,
    access: "page",
    handler: (c) => signIns.behindKey(c, handler),
  });
  const post = (path: string, handler: (request: PageRequest) => Promise<void>): Route => ({
    method: "POST",
    path,
    access: "page",
    handler: (c) => signIns.behindKey(c, (request) => ownForm(request, handler)),
  });
  return [
    page("/inspect", overviewPage),
    page("/inspect/sessions", sessionsPage),
    page("/inspect/sessions/:session", sessionPage),
    page("/inspect/stream", streamPage),
    page("/inspect/runs", runsPage),
    page("/inspect/runs/:run", runPage),
    get("/inspect/live", live),
    { method: "POST", path: "/inspect/sign-in", access: "page", handler: (c) => signIns.signIn(c) },
    post("/inspect/sign-out", async (request) => signIns.signOut(request)),
    post("/inspect/runs/:run/cancel", cancel),
  ];
}

async function show(request: PageRequest, make: PageMaker): Promise<void> {
  const { c, deps, signIn } = request;
  const formToken = deps.access.formToken(signIn);
  const content = await make(request);
  if (content) return sendPage(c, 200, { ...content, formToken });
  const body = html`<h1>Not here</h1>
    <p>There is no such thing, or it was removed meanwhile.</p>`;
  sendPage(c, 404, { title: "Not here", body, formToken });
}

/** Runs `handler` when the form came from a page of this sign-in; 403 otherwise. */
async function ownForm(
  request: PageRequest,
  handler: (request: PageRequest) => Promise<void>,
): Promise<void> {
  const { c, deps, signIn } = request;
  const form = new URLSearchParams(await readText(c, { limit: formLimit }));
  if (!deps.access.isFormToken(signIn, form.get("token") ?? ""))
    throw new HttpError(403, "This form is of another sign-in. Reload the page and try again.");
  await handler(request);
}

async function cancel({ c, deps }: PageRequest): Promise<void> {
  const id = c.params["run"] ?? "";
  const run = await deps.runs.cancel(id, "Canceled by user");
  if (!run) throw new HttpError(404, "There is no such run.");
  deps.log.info("inspector.run_cancelled", idsOf(run));
  redirect(c, `/inspect/runs/${encodeURIComponent(id)}`);
}
