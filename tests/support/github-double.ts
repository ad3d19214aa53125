import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { CLIENT } from "./identity-provider.ts";

type Email = { email: string; primary: boolean; verified: boolean };

/** What GitHub's OAuth and API do for a sign-in, and every check that it makes. */
export class GithubDouble {
  user: { id: number; login: string; name: string | null } = { id: 1, login: "nobody", name: null };
  emails: Email[] = [];
  /** What was asked and refused. */
  readonly refused: string[] = [];
  /** Answer of the API instead of the right one. */
  failing: number | null = null;
  private readonly codes = new Map<string, { challenge: string; redirectUri: string }>();
  private readonly tokens = new Set<string>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((req, res) => void this.answer(req, res)).listen(0, "127.0.0.1");
  }

  static async start(): Promise<GithubDouble> {
    const github = new GithubDouble();
    await once(github.server, "listening");
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url ?? "/", this.url);
    if (pathname === "/login/oauth/authorize") return this.authorize(searchParams, res);
    const json = (status: number, body: unknown): void =>
      void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (pathname === "/login/oauth/access_token")
      return json(200, this.token(new URLSearchParams(await text(req))));
    if (this.failing !== null) return json(this.failing, {});
    const token = req.headers.authorization?.replace(/^Bearer /, "") ?? "";
    if (!this.tokens.has(token)) return json(401, { message: "Bad credentials" });
    if (pathname === "/api/v3/user") return json(200, this.user);
    if (pathname === "/api/v3/user/emails") return json(200, this.emails);
    return json(404, {});
  }

  private authorize(query: URLSearchParams, res: ServerResponse): void {
    const redirectUri = query.get("redirect_uri") ?? "";
    const sound =
      query.get("client_id") === CLIENT.id &&
      query.get("code_challenge_method") === "S256" &&
      (query.get("scope") ?? "").split(" ").includes("user:email") &&
      (query.get("state") ?? "").length >= 32;
    if (!sound) this.refused.push(`authorize ${query}`);
    const code = randomUUID();
    this.codes.set(code, { challenge: query.get("code_challenge") ?? "", redirectUri });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: query.get("state") ?? "" }).toString();
    res.writeHead(302, { location: back.href }).end();
  }

  /** As GitHub does, an error is told with 200. */
  private token(form: URLSearchParams): object {
    const code = form.get("code") ?? "";
    const known = this.codes.get(code);
    this.codes.delete(code);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const fits =
      known?.challenge === challenge &&
      known.redirectUri === form.get("redirect_uri") &&
      form.get("client_id") === CLIENT.id &&
      form.get("client_secret") === CLIENT.secret;
    if (!fits) {
      this.refused.push("token");
      return {
        error: "bad_verification_code",
        error_description: "The code passed is incorrect or expired.",
      };
    }
    const token = randomUUID();
    this.tokens.add(token);
    return { access_token: token, token_type: "bearer", scope: "read:user,user:email" };
  }
}
