import { vitePlugin as remix } from "@remix-run/dev";
import { defineConfig } from "vite";

declare module "@remix-run/node" {
  interface Future {
    v3_singleFetch: true;
  }
}

export default defineConfig({
  plugins: [
    remix({
      ignoredRouteFiles: ["**/*.test.{ts,tsx}"],
      // `npm start` builds each version into a folder of its own.
      buildDirectory: process.env.WEB_BUILD_DIR ?? "build/web/plain",
      future: {
        v3_fetcherPersist: true,
        v3_relativeSplatPath: true,
        v3_throwAbortReason: true,
        v3_singleFetch: true,
        // The whole manifest is a few kilobytes; asking for it piece by piece would only cost round trips.
        v3_lazyRouteDiscovery: false,
      },
    }),
  ],
  build: { sourcemap: false, target: "es2022", chunkSizeWarningLimit: 900 },
  // All of it is found at once: a dependency that turns up later would reload the page in the middle of work.
  optimizeDeps: {
    entries: ["app/entry.client.tsx", "app/{chat,settings,ui}/*.tsx", "!**/*.test.*"],
    // Vite meets these on its way through the routes, though only the server uses them.
    exclude: [
      "@node-rs/argon2",
      "@prisma/adapter-pg",
      "@prisma/client",
      "@prisma/client/runtime/client",
      "@remix-run/node",
      "@trigger.dev/sdk",
      "openid-client",
      "remix-auth",
      "remix-auth-form",
    ],
  },
  server: { watch: { ignored: ["**/.data/**", "**/build/**", "**/.trigger/**", "**/test-results/**"] } },
});
