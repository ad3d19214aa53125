import type { AppLoadContext, LoaderFunctionArgs } from "@remix-run/node";

type Route = { loader: (args: LoaderFunctionArgs) => Promise<Response> | Response };

let address = 0;

/** Keeps the cookies that loaders and actions set, as a browser would; no network is between. */
export class BrowserOfRoutes {
  readonly cookies = new Map<string, string>();
  readonly context: AppLoadContext = { nonce: "", ip: `10.7.0.${address++ % 250}` };

  constructor(private readonly home: string) {}

  request(path: string, fields?: Record<string, string>): Request {
    const headers = { Cookie: this.cookieHeader(), "User-Agent": "test" };
    const url = new URL(path, this.home);
    return fields
      ? new Request(url, { method: "POST", body: new URLSearchParams(fields), headers })
      : new Request(url, { headers });
  }

  /** What a route answers; its cookies are kept, and where it leads is told. */
  async get(route: Route, path: string, provider: string): Promise<string> {
    const args = { request: this.request(path), params: { provider }, context: this.context };
    return this.keep(await route.loader(args));
  }

  keep(answer: Response): string {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (/Max-Age=0/.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer.headers.get("Location") ?? answer.headers.get("Refresh")?.replace("0; url=", "") ?? "";
  }

  private cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}
