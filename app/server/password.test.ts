import { expect, test } from "vitest";
import { hashing } from "./auth-limits.server.ts";
import { AuthFormError } from "./auth-form.server.ts";
import { hashPassword, verifyPassword } from "./password.server.ts";

test("so many passwords are hashed at once or wait; the rest is told to come back, and later all goes on", async () => {
  const asked = Array.from({ length: 50 }, (_, n) => hashing(hashPassword(`password ${n}`)));
  const outcomes = await Promise.allSettled(asked);
  const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  expect(refused).toHaveLength(8);
  for (const reason of refused) {
    expect(reason).toBeInstanceOf(AuthFormError);
    expect(reason).toMatchObject({ status: 429, retryAfter: 5 });
  }
  const hash = await hashPassword("tuba plinth 49");
  expect(await verifyPassword(hash, "tuba plinth 49")).toBe(true);
});
