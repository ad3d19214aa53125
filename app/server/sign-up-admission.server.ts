import { env } from "#app/env.server.ts";
import type { Transaction } from "#app/models/db.server.ts";
import { inviteIsOpen, useInvite } from "#app/models/invite.server.ts";
import { anyUser, createUser, type NewUser, type User } from "#app/models/user.server.ts";

/** "spent": the link was used, was revoked or is too old. */
export type Admission = "open" | "invited" | "invite" | "spent" | "closed";

/** Whether whoever holds this invite, or none, may make an account here. */
export async function admissionOf(invite: string): Promise<Admission> {
  const { SIGNUP } = env();
  if (SIGNUP !== "invite") return SIGNUP;
  if (invite !== "" && (await inviteIsOpen(invite))) return "invited";
  // Somebody must be there to invite the others.
  if (!(await anyUser())) return "open";
  return invite === "" ? "invite" : "spent";
}

/**
 * Makes the account that `admissionOf` allowed, uses the invite up, and does what belongs to it: all or nothing.
 * Null: taken, or another was faster.
 */
export function createAdmitted(
  input: NewUser,
  invite: string,
  alongside: (tx: Transaction, userId: string) => Promise<void> = () => Promise.resolve(),
): Promise<User | null> {
  const { SIGNUP } = env();
  return createUser(input, async (tx, { id, first }) => {
    await alongside(tx, id);
    return SIGNUP === "open" || first || useInvite(tx, invite, id);
  });
}
