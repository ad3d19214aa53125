/** Who may import whom. Read it top-down: the request path first, then the run, then local-trigger. */
const OURS = "^(app|trigger|local-trigger|prisma|scripts|tests)/";
const TESTS = "(\\.(test|contract)\\.tsx?$|/fixture/)";
const only = (name, from, ...allowed) => ({
  name,
  severity: "error",
  from: { path: from, pathNot: TESTS },
  to: { path: OURS, pathNot: allowed },
});

module.exports = {
  forbidden: [
    only(
      "routes-are-thin",
      "^app/(routes/|root\\.tsx)",
      "^app/(server|models|chat|settings|admin|ui|shared|styles)/",
      "^app/env\\.server\\.ts$",
    ),
    only(
      "server-uses-models",
      "^app/server/",
      "^app/(server|models|attachments|shared|model-catalog)/",
      "^app/env\\.server\\.ts$",
      "^trigger/chat\\.ts$",
      "^trigger/head-start/ask-ahead\\.ts$",
    ),
    only(
      "models-own-the-database",
      "^app/models/",
      "^app/(models|shared)/",
      "^app/env\\.server\\.ts$",
      "^prisma/generated/",
    ),
    only("browser-code-stays-in-the-browser", "^app/chat/", "^app/(chat|ui|shared)/", "^trigger/chat\\.ts$"),
    only("settings-are-forms", "^app/settings/", "^app/(settings|ui|shared)/"),
    only("admin-is-forms", "^app/admin/", "^app/(admin|ui|shared)/"),
    only("live-grows-what-the-page-shows", "^app/live/", "^app/(live|chat|ui|shared)/"),
    only("ui-knows-nothing", "^app/ui/", "^app/ui/"),
    only("shared-is-a-leaf", "^app/shared/", "^app/shared/"),
    only(
      "runs-use-models",
      "^trigger/",
      "^trigger/",
      "^app/(models|attachments|shared|model-catalog)/",
      "^app/env\\.server\\.ts$",
    ),
    only(
      "attachments-are-bytes",
      "^app/attachments/",
      "^app/(attachments|shared)/",
      "^app/env\\.server\\.ts$",
    ),
    only(
      "model-catalog-needs-no-sdk",
      "^app/model-catalog/",
      "^app/(model-catalog|shared)/",
      "^app/env\\.server\\.ts$",
    ),
    only("local-trigger-stands-alone", "^local-trigger/", "^local-trigger/"),
    only("wire-is-a-leaf", "^local-trigger/wire/", "^local-trigger/wire/"),
    only(
      "streams-know-no-runs",
      "^local-trigger/streams/",
      "^local-trigger/(streams|wire)/",
      "^local-trigger/[^/]+\\.ts$",
    ),
    only(
      "runs-know-no-sessions",
      "^local-trigger/runs/",
      "^local-trigger/(runs|streams|wire)/",
      "^local-trigger/[^/]+\\.ts$",
    ),
    only(
      "sessions-know-no-http",
      "^local-trigger/sessions/",
      "^local-trigger/(sessions|runs|streams|wire)/",
      "^local-trigger/[^/]+\\.ts$",
    ),
    only(
      "inspector-looks-at-all-but-the-worker",
      "^local-trigger/inspector/",
      "^local-trigger/(inspector|http|sessions|runs|streams|wire)/",
      "^local-trigger/[^/]+\\.ts$",
    ),
    only(
      "worker-host-is-a-client",
      "^local-trigger/worker/",
      "^local-trigger/(worker|wire)/",
      "^local-trigger/log\\.ts$",
    ),
    {
      name: "prisma-only-in-models",
      severity: "error",
      from: {
        path: "^(app|trigger|scripts|tests|prisma/seed)",
        pathNot: ["^app/models/", "^scripts/prisma-schema-engine"],
      },
      to: { path: ["^prisma/generated/", "@prisma/"] },
    },
    {
      name: "task-code-by-type-only",
      comment: "The web process may know the task's type, never its code; a head start asks as the run will.",
      severity: "error",
      from: { path: "^app/", pathNot: "^app/server/head-start\\.server\\.ts$" },
      to: { path: "^trigger/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "sdk-at-three-doors",
      severity: "error",
      from: {
        path: "^app/",
        pathNot: [
          "^app/server/trigger-client\\.server\\.ts$",
          "^app/chat/transport\\.ts$",
          "^app/chat/live-run\\.tsx?$",
          TESTS,
        ],
      },
      to: { path: "@trigger\\.dev/" },
    },
    {
      name: "nobody-imports-local-trigger",
      severity: "error",
      from: { path: "^(app|trigger|prisma)/", pathNot: TESTS },
      to: { path: "^local-trigger/" },
    },
    { name: "no-cycles", severity: "error", from: { pathNot: "^prisma/generated/" }, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        path: "^(app|trigger|local-trigger)/",
        pathNot: ["^app/routes/", "^app/(root|entry\\.)", TESTS, "/fixture/", "\\.(css|sql)$"],
      },
      to: {},
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^prisma/generated/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".cjs", ".json", ".d.ts"],
    },
  },
};
