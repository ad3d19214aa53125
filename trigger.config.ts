import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: process.env.TRIGGER_PROJECT_REF ?? "proj_longrun",
  runtime: "node",
  dirs: ["./trigger"],
  maxDuration: 3600,
  retries: { enabledInDev: false },
});
