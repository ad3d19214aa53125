import { setTimeout as sleep } from "node:timers/promises";
import { readText } from "../http/body.ts";
import type { RequestContext } from "../http/router.ts";
import { html } from "./html.ts";
import type { InspectorDeps, PageRequest } from "./inspector.ts";
import { redirect, sendPage } from "./page.ts";

const windowMs = 60_000;
const mostWrong = 10;
const wrongPauseMs = 300;

/** The door of the pages: the form that takes the key, and the cookie that it leaves. */
export class SignIns {
  private wrong: number[] = [];

  constructor(private readonly deps: InspectorDeps) {}

  /** Runs `handler` for the signed-in; everyone else on this machine gets the form (401), others a refusal (403). */
  async behindKey(c: RequestContext, handler: (request: PageRequest) => Promise<void>): Promise<void> {
    if (this.refuse(c)) return;
    const signIn = this.deps.access.signInOf(c.req);
    if (!signIn) return this.ask(c, 401);
    await handler({ c, deps: this.deps, signIn });
  }

  async signIn(c: RequestContext): Promise<void> {
    if (this.refuse(c)) return;
    const { access, log } = this.deps;
    const form = new URLSearchParams(await readText(c, { limit: 4_096 }));
    this.wrong = this.wrong.filter((at) => at > Date.now() - windowMs);
    if (this.wrong.length >= mostWrong)
      return this.ask(c, 429, "Too many wrong keys. Try again in a minute.", { "retry-after": "60" });
    if (access.isKey((form.get("key") ?? "").trim())) {
      log.info("inspector.signed_in");
      return redirect(c, "/inspect", { "set-cookie": access.begin(c.req) });
    }
    this.wrong.push(Date.now());
    log.warn("inspector.denied", { reason: "wrong key" });
    await sleep(wrongPauseMs);
    this.ask(c, 401, "That is not the key.");
  }

  signOut({ c, signIn }: PageRequest): void {
    redirect(c, "/inspect", { "set-cookie": this.deps.access.end(c.req, signIn) });
  }

  private refuse(c: RequestContext): boolean {
    const { access, log } = this.deps;
    const foreign = c.req.method === "POST" && !access.isOwnOrigin(c.req);
    const refusal = access.refusal(c.req) ?? (foreign ? "This form came from another site." : null);
    if (refusal === null) return false;
    log.warn("inspector.denied", { reason: foreign ? "foreign origin" : "not this machine" });
    const body = html`<h1>Not from here</h1>
      <p>${refusal}</p>`;
    sendPage(c, 403, { title: "Not from here", body });
    return true;
  }

  private ask(
    c: RequestContext,
    status: number,
    problem?: string,
    headers: Record<string, string> = {},
  ): void {
    const body = html`<div class="sign-in">
      <h1>See inside</h1>
      <p class="quiet">
        Sessions, runs and streams of this local-trigger. Paste its secret key: with <code>npm start</code> it
        is the line in <code>trigger-secret-key</code> in the data folder (<code>.data</code>).
      </p>
      <form method="post" action="/inspect/sign-in">
        <label
          >Secret key
          <input name="key" type="password" autocomplete="current-password" required autofocus />
        </label>
        ${problem !== undefined && html`<p role="alert" class="bad">${problem}</p>`}
        <button class="main">Open</button>
      </form>
    </div>`;
    sendPage(c, status, { title: "Sign in", body }, headers);
  }
}
