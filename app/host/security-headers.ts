import { FRAME_POLICY } from "#app/server/document-frame.server.ts";

export type Page = {
  nonce: string;
  /** Where else the page's scripts may connect: the Trigger API. */
  triggerUrl: string;
  https: boolean;
  /** Vite's own client adds styles and opens a socket. */
  dev: boolean;
  /** A written web page, which stands in a sandboxed frame of one of our pages. */
  framed: boolean;
};

function contentSecurityPolicy({ nonce, triggerUrl, dev }: Page): string {
  const directives = {
    "default-src": "'none'",
    "script-src": `'self' 'nonce-${nonce}'`,
    "style-src": dev ? "'self' 'unsafe-inline'" : "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": `'self' ${triggerUrl}${dev ? " ws: wss:" : ""}`,
    // Only documents of our own, which have a policy of their own; a page in a frame can go nowhere else either.
    "frame-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

/** The headers of every answer. */
export function securityHeaders(page: Page): Record<string, string> {
  return {
    ...(page.framed
      ? {
          "Content-Security-Policy": FRAME_POLICY,
          "X-Frame-Options": "SAMEORIGIN",
          "X-DNS-Prefetch-Control": "off",
        }
      : { "Content-Security-Policy": contentSecurityPolicy(page), "X-Frame-Options": "DENY" }),
    "X-Content-Type-Options": "nosniff",
    // `no-referrer` would make browsers send `Origin: null` with plain forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    ...(page.https ? { "Strict-Transport-Security": "max-age=31536000" } : {}),
  };
}
