import { createCookie, type Cookie } from "@remix-run/node";
import { LOGIN_SECONDS } from "#app/models/login-session.server.ts";

/**
 * A cookie of this server alone. Cookies know no ports: the port is in the name, so that two instances on one host do
 * not sign each other out.
 */
export function ownCookie(request: Request, what: "session" | "flow"): Cookie {
  const { protocol, port } = new URL(request.url);
  const secure = protocol === "https:";
  const name = secure ? `__Host-longrun_${what}` : `longrun_${what}${port ? `_${port}` : ""}`;
  return createCookie(name, { httpOnly: true, sameSite: "lax", path: "/", secure });
}

/** The sign-in token that the browser sent, or null. */
export async function readLoginCookie(request: Request): Promise<string | null> {
  const value: unknown = await ownCookie(request, "session").parse(request.headers.get("Cookie"));
  return typeof value === "string" && value !== "" ? value : null;
}

/** The Set-Cookie header that signs this browser in. */
export function loginCookie(request: Request, token: string): Promise<string> {
  return ownCookie(request, "session").serialize(token, { maxAge: LOGIN_SECONDS });
}

/** The Set-Cookie header that makes this browser forget. */
export function endedCookie(request: Request): Promise<string> {
  return ownCookie(request, "session").serialize("", { maxAge: 0 });
}
