const HERE = "http://here.invalid";

/** A path of this site to go on to after signing in; anything else becomes `fallback`. */
export function safeRedirect(to: unknown, fallback = "/chats"): string {
  if (typeof to !== "string" || !/^\/(?![/\\])/.test(to)) return fallback;
  const url = URL.canParse(to, HERE) ? new URL(to, HERE) : null;
  // "/\t/evil.example" and the like only become another origin once parsed.
  if (url?.origin !== HERE || url.pathname.startsWith("//")) return fallback;
  return `${url.pathname}${url.search}${url.hash}`;
}
