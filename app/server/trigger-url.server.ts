import { env } from "#app/env.server.ts";

/**
 * The Trigger API's origin as the browser that asks reaches it: the configured public one, or in local mode
 * the page's own host with local-trigger's port, or the one that the server itself uses.
 */
export function publicTriggerUrl(pageUrl: string | URL): string {
  const { TRIGGER_PUBLIC_URL, LOCAL_TRIGGER_PORT, TRIGGER_API_URL } = env();
  if (TRIGGER_PUBLIC_URL) return withoutSlash(TRIGGER_PUBLIC_URL);
  if (LOCAL_TRIGGER_PORT !== undefined) {
    const page = new URL(pageUrl);
    return `${page.protocol}//${page.hostname}:${LOCAL_TRIGGER_PORT}`;
  }
  return withoutSlash(TRIGGER_API_URL ?? "https://api.trigger.dev");
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
