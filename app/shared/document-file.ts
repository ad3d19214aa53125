import type { DocumentKind } from "#app/shared/documents.ts";

const ENDINGS: Record<string, string> = {
  bash: "sh",
  c: "c",
  "c#": "cs",
  "c++": "cpp",
  cpp: "cpp",
  csharp: "cs",
  css: "css",
  csv: "csv",
  dockerfile: "dockerfile",
  go: "go",
  html: "html",
  java: "java",
  javascript: "js",
  json: "json",
  jsx: "jsx",
  kotlin: "kt",
  lua: "lua",
  markdown: "md",
  php: "php",
  python: "py",
  r: "r",
  ruby: "rb",
  rust: "rs",
  scss: "scss",
  shell: "sh",
  sql: "sql",
  swift: "swift",
  toml: "toml",
  tsx: "tsx",
  typescript: "ts",
  xml: "xml",
  yaml: "yaml",
};

const OF_KIND = {
  markdown: { ending: "md", type: "text/markdown" },
  html: { ending: "html", type: "text/html" },
  svg: { ending: "svg", type: "image/svg+xml" },
} as const;

function endingOf(kind: DocumentKind, language: string | null): string {
  if (kind !== "code") return OF_KIND[kind].ending;
  return ENDINGS[language?.toLowerCase() ?? ""] ?? "txt";
}

/** Signs that no file system, shell or header minds. */
const plainName = (title: string): string =>
  title
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80);

/** The name and the type under which a document is downloaded. A title that is a file's name already stays. */
export function fileOf(document: { title: string; kind: DocumentKind; language: string | null }): {
  name: string;
  type: string;
} {
  const { kind, language, title } = document;
  const type = kind === "code" ? "text/plain" : OF_KIND[kind].type;
  const name = plainName(title) || "document";
  const ending = endingOf(kind, language);
  const named =
    name.toLowerCase().endsWith(`.${ending}`) || (kind === "code" && /\.[a-z0-9]{1,10}$/i.test(name));
  return { name: named ? name : `${name}.${ending}`, type };
}
