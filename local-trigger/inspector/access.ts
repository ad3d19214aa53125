import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { inSeconds, isSignedFor, sign } from "../wire/signatures.ts";

/** How long a sign-in holds. */
const signInSeconds = 12 * 3_600;
const purpose = "inspector";

export type AccessOptions = {
  secretKey: string;
  /** Host names, beside this machine's own, under which the pages may be opened, and then from other machines too. */
  hosts: readonly string[];
};

export type SignIn = { nonce: string; expires: number };

/** Who may see the pages: from where, under which name, and with which cookie. */
export class Access {
  private readonly cookieName: string;
  private readonly ended = new Map<string, number>();

  constructor(private readonly options: AccessOptions) {
    // Cookies know no ports: two servers on one machine would overwrite each other's.
    const id = createHmac("sha256", options.secretKey).update("inspector cookie").digest("hex").slice(0, 8);
    this.cookieName = `inspect_${id}`;
  }

  /**
   * Why this request is none of the pages' business; null when it is. A page that a hostile site serves under a name of
   * its own, pointed at this machine (DNS rebinding), is refused by the name; another machine by its address, and what
   * came through a proxy by the headers that proxies add.
   */
  refusal(req: IncomingMessage): string | null {
    const name = hostName(req);
    if (name !== null && this.options.hosts.includes(name)) return null;
    if (name === null || !["localhost", "127.0.0.1", "[::1]"].includes(name))
      return "This page is not served under this name. Open it as 127.0.0.1 or localhost, or add the name to INSPECTOR_HOSTS.";
    if (!isLoopback(req.socket.remoteAddress) || cameThroughProxy(req))
      return "This page is for the machine that local-trigger runs on. INSPECTOR_HOSTS opens it to others.";
    return null;
  }

  /** Whether a request that changes something came from a page of this very server. Clients that are no browser send no Origin. */
  isOwnOrigin(req: IncomingMessage): boolean {
    const { origin, host } = req.headers;
    if (origin === undefined) return req.headers["sec-fetch-site"] === undefined;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  isKey(given: string): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(given), digest(this.options.secretKey));
  }

  /** The Set-Cookie of a new sign-in. */
  begin(req: IncomingMessage): string {
    const nonce = randomBytes(16).toString("hex");
    const expires = inSeconds(signInSeconds);
    const value = `${nonce}.${expires}.${sign(this.options.secretKey, purpose, [nonce], expires)}`;
    return this.cookie(req, value, signInSeconds);
  }

  /** Ends a sign-in for good, whoever else has its cookie. */
  end(req: IncomingMessage, signIn: SignIn): string {
    const now = Date.now() / 1000;
    for (const [nonce, expires] of this.ended) if (expires < now) this.ended.delete(nonce);
    this.ended.set(signIn.nonce, signIn.expires);
    return this.cookie(req, "", 0);
  }

  /** The sign-in that a request's cookie holds; null for none, a false, an ended or an expired one. */
  signInOf(req: IncomingMessage): SignIn | null {
    const pairs = (req.headers.cookie ?? "").split(";").map((pair) => pair.trim());
    const value = pairs.find((pair) => pair.startsWith(`${this.cookieName}=`))?.split("=")[1] ?? "";
    const [nonce = "", expiry = "", signature = ""] = value.split(".");
    const expires = Number(expiry);
    const holds = isSignedFor(this.options.secretKey, purpose, [nonce], { expires, signature });
    return holds && !this.ended.has(nonce) ? { nonce, expires } : null;
  }

  /** What a form of this sign-in carries, so that no other page can send it. */
  formToken({ nonce, expires }: SignIn): string {
    return sign(this.options.secretKey, "inspector-form", [nonce], expires);
  }

  isFormToken(signIn: SignIn, signature: string): boolean {
    const { nonce, expires } = signIn;
    return isSignedFor(this.options.secretKey, "inspector-form", [nonce], { expires, signature });
  }

  private cookie(req: IncomingMessage, value: string, maxAge: number): string {
    const secure = req.headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
    return `${this.cookieName}=${value}; Path=/inspect; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure}`;
  }
}

function hostName(req: IncomingMessage): string | null {
  const host = req.headers.host ?? "";
  return /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? null;
}

function isLoopback(address: string | undefined): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? "") || address === "::1";
}

function cameThroughProxy(req: IncomingMessage): boolean {
  return ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"].some(
    (name) => req.headers[name] !== undefined,
  );
}
