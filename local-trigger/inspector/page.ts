import { createHash } from "node:crypto";
import type { RequestContext } from "../http/router.ts";
import { html, Html } from "./html.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `script-src ${hashOf(pageScript)}`,
    `style-src ${hashOf(pageStyle)}`,
    "connect-src 'self'",
    "img-src data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // `no-referrer` would make browsers send `Origin: null` with forms.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

type Section = "overview" | "sessions" | "runs";

export type PageContent = {
  title: string;
  section?: Section;
  /** The parts with `data-live` and an id are replaced when the server tells of a change. */
  body: Html;
  /** The address that tells of changes. */
  source?: string;
  /** Of the signed-in; without it there is no navigation. */
  formToken?: string;
};

/** Writes one page and ends the answer. */
export function sendPage(
  c: Pick<RequestContext, "res">,
  status: number,
  content: PageContent,
  extra: Record<string, string> = {},
): void {
  if (c.res.destroyed) return;
  c.res.writeHead(status, { ...headers, ...extra });
  c.res.end(document(content).markup);
}

/** Sends the browser on, with GET. */
export function redirect(
  c: Pick<RequestContext, "res">,
  location: string,
  extra: Record<string, string> = {},
): void {
  c.res.writeHead(303, { location, "cache-control": "no-store", ...extra }).end();
}

function document({ title, section, body, source, formToken }: PageContent): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · local-trigger</title>
        <link rel="icon" href="data:," />
        ${new Html(`<style>${pageStyle}</style>`)}
      </head>
      <body data-source="${source ?? ""}">
        ${formToken !== undefined && top(section, formToken)}
        <main>${body}</main>
        ${new Html(`<script>${pageScript}</script>`)}
      </body>
    </html> `;
}

const sections: [Section, string, string][] = [
  ["overview", "/inspect", "Overview"],
  ["sessions", "/inspect/sessions", "Sessions"],
  ["runs", "/inspect/runs", "Runs"],
];

function top(section: Section | undefined, formToken: string): Html {
  return html`<header>
    <strong>local-trigger</strong>
    <nav aria-label="Pages">
      ${sections.map(
        ([name, href, label]) =>
          html`<a href="${href}" ${name === section && new Html('aria-current="page"')}>${label}</a>`,
      )}
    </nav>
    <span id="live" role="status"></span>
    <form method="post" action="/inspect/sign-out">
      <input type="hidden" name="token" value="${formToken}" />
      <button class="plain">Sign out</button>
    </form>
  </header>`;
}
