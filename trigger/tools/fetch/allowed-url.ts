import { env } from "#app/env.server.ts";
import { VisibleError } from "#trigger/model-error.ts";

/** Why a page was not fetched, in words for the person. */
export class FetchRefused extends VisibleError {}

const DEFAULT_PORT: Record<string, string> = { "http:": "80", "https:": "443" };

const portOf = (url: URL): string => url.port || (DEFAULT_PORT[url.protocol] ?? "");

/** Whether whoever runs this Longrun has allowed this very host and port, wherever it may be (FETCH_ALLOWED_HOSTS). */
export function isExempt(url: URL): boolean {
  return env().FETCH_ALLOWED_HOSTS.includes(`${url.hostname.toLowerCase()}:${portOf(url)}`);
}

/** The address of a page that may be asked for. Throws FetchRefused. Where its name leads is checked later. */
export function allowedUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base)) throw new FetchRefused(`"${text.slice(0, 100)}" is not a web address.`);
  const url = new URL(text, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new FetchRefused("Only http and https addresses can be read.");
  }
  if (url.username || url.password) throw new FetchRefused("An address with a password in it is not read.");
  if (!isExempt(url) && portOf(url) !== "80" && portOf(url) !== "443") {
    throw new FetchRefused(`Only the ports 80 and 443 are read, not ${portOf(url)}.`);
  }
  url.hash = "";
  return url;
}
