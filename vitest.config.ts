import { defineConfig } from "vitest/config";

// On a busy machine a second, vitest's own patience with expect.poll(), is nothing.
const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
};
const withPostgres = { ...shared, globalSetup: ["tests/support/global-setup.ts"] };
const exclude = ["**/node_modules/**", "build/**", ".data/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...withPostgres,
          name: "unit",
          include: [
            "{app,trigger,local-trigger,prisma,scripts}/**/*.test.{ts,tsx}",
            "tests/support/**/*.test.ts",
          ],
          exclude,
        },
      },
      {
        test: {
          ...withPostgres,
          name: "contract",
          include: ["tests/contract/**/*.test.ts"],
          exclude,
        },
      },
      {
        // Whole applications with browsers: one at a time, on machines with two cores.
        test: {
          ...shared,
          name: "journeys",
          include: ["tests/journeys/**/*.test.ts"],
          exclude,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Few rounds here; `npm run test:faults` for many.
        test: {
          ...shared,
          name: "faults",
          include: ["tests/faults/**/*.test.ts"],
          exclude,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
