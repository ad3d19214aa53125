import { createCookie, type Cookie } from "@remix-run/node";
import { LOGIN_SECONDS } from "#app/models/login-session.server.ts";

/** Cookies know no ports: the port is in the name, so that two instances on one host do not sign each other out. */
function cookieFor(request: Request): Cookie {
  const { protocol, port } = new URL(request.url);
  const secure = protocol === "https:";
  const name = secure ? "__Host-longrun_session" : `longrun_session${port ? `_${port}` : ""}`;
  return createCookie(name, { httpOnly: true, sameSite: "lax", path: "/", secure });
}

/** The sign-in token that the browser sent, or null. */
export async function readLoginCookie(request: Request): Promise<string | null> {
  const value: unknown = await cookieFor(request).parse(request.headers.get("Cookie"));
  return typeof value === "string" && value !== "" ? value : null;
}

/** The Set-Cookie header that signs this browser in. */
export function loginCookie(request: Request, token: string): Promise<string> {
  return cookieFor(request).serialize(token, { maxAge: LOGIN_SECONDS });
}

/** The Set-Cookie header that makes this browser forget. */
export function endedCookie(request: Request): Promise<string> {
  return cookieFor(request).serialize("", { maxAge: 0 });
}
