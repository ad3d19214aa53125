import { defineConfig } from "vitest/config";

// On a busy machine a second, vitest's own patience with expect.poll(), is nothing.
const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
};
// Two cores under a whole application and a browser: what only ran out of patience is tried once more, and `npm test`
// names it. What was wrong (a word lost, doubled, out of order, a wrong sentence) is never tried again.
const patient = {
  ...shared,
  retry: {
    count: 1,
    condition: /^waited \d+ ms|Timeout \d+ms exceeded|timed out in \d+ms|the fault missed the open turn/,
  },
};
// The long suite looks for what is rare: a second try would hide it.
const faultTries = process.env["FAULT_ROUNDS"] === undefined ? patient : shared;
const postgres = { globalSetup: ["tests/support/global-setup.ts"] };
const exclude = ["**/node_modules/**", "build/**", ".data/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          ...postgres,
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
          ...patient,
          ...postgres,
          name: "contract",
          include: ["tests/contract/**/*.test.ts"],
          exclude,
        },
      },
      {
        // Whole applications with browsers: one at a time, on machines with two cores.
        test: {
          ...patient,
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
          ...faultTries,
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
