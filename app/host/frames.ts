import { createRequire } from "node:module";
import path from "node:path";
import express, { type Request, type RequestHandler, type Router } from "express";
import { hostOf } from "#app/host/request-facts.ts";

const DAY = 86_400_000;

/** What each document may do besides running its own script. */
const DOCUMENTS = {
  // What draws diagrams writes its styles into them.
  diagram: { title: "Diagram", type: 'type="module" crossorigin', style: "'unsafe-inline'", image: "'none'" },
  image: { title: "Image", type: "defer", style: "", image: "http: https:" },
};

type Name = keyof typeof DOCUMENTS;

/** Without an origin of its own `'self'` would name nothing: the files' address stands in its place. */
function policyOf(name: Name, req: Request): string {
  const files = `${req.protocol}://${hostOf(req)}/frames/`;
  const { style, image } = DOCUMENTS[name];
  return [
    "default-src 'none'",
    `script-src ${files}`,
    `style-src ${files} ${style}`.trim(),
    `img-src ${image}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    "sandbox allow-scripts",
  ].join("; ");
}

const documentOf = (name: Name): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${DOCUMENTS[name].title}</title>
<link rel="stylesheet" href="/frames/frame.css">
<script ${DOCUMENTS[name].type} src="/frames/${name}.js"></script>
</head>
<body></body>
</html>
`;

const answer =
  (name: Name): RequestHandler =>
  (req, res) => {
    res.set({
      "Content-Security-Policy": policyOf(name, req),
      "X-Frame-Options": "SAMEORIGIN",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
    });
    res.type("html").send(documentOf(name));
  };

/** Their documents have no origin, and these files are no secret. */
const forAnyOrigin: RequestHandler = (_req, res, next) => {
  res.set({ "Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*" });
  next();
};

/** Documents that show, in a sandboxed frame, what must not be shown in a page: diagrams, images of other hosts. */
export function frames(): Router {
  const router = express.Router();
  for (const name of Object.keys(DOCUMENTS) as Name[]) router.get(`/${name}`, answer(name));
  const mermaid = createRequire(import.meta.url).resolve("mermaid/dist/mermaid.esm.min.mjs");
  router.use(forAnyOrigin);
  router.use(
    "/mermaid",
    express.static(path.dirname(mermaid), { index: false, redirect: false, maxAge: DAY }),
  );
  return router;
}
