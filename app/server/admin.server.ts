import { data, redirect } from "@remix-run/node";
import { z } from "zod";
import { env } from "#app/env.server.ts";
import {
  countUsers,
  disableUser,
  enableUser,
  listUsers,
  setRole,
  type Changed,
} from "#app/models/admins.server.ts";
import { createInvite, listInvites, revokeInvite } from "#app/models/invite.server.ts";
import type { User } from "#app/models/user.server.ts";
import { audit, type AuditEvent } from "#app/server/audit-log.server.ts";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { publicUrl } from "#app/server/public-url.server.ts";
import { stopRunsOf } from "#app/server/stop-runs.server.ts";
import { agoOf } from "#app/shared/ago.ts";

const PAGE = 25;
const INVITES = 30;

/** An admin's request, and the address that it came from. */
type Asker = { admin: User; request: Request; ip: string };

const place = z.object({
  search: z.string().trim().max(200).catch(""),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});

function placeOf(request: Request): z.infer<typeof place> {
  return place.parse(Object.fromEntries(new URL(request.url).searchParams));
}

/** Accounts with counts, and the invites. Nothing that anybody has written is among it. */
export async function adminPage(request: Request) {
  const { search, page } = placeOf(request);
  const [users, total, invites] = await Promise.all([
    listUsers({ search, limit: PAGE, offset: (page - 1) * PAGE }),
    countUsers(search),
    listInvites(INVITES),
  ]);
  const now = new Date();
  const day = (date: Date) => date.toISOString().slice(0, 10);
  return {
    search,
    page,
    pages: Math.max(1, Math.ceil(total / PAGE)),
    total,
    signUp: env().SIGNUP,
    users: users.map(({ createdAt, lastSeenAt, ...user }) => ({
      ...user,
      since: day(createdAt),
      lastUse: lastSeenAt && agoOf(lastSeenAt, now),
    })),
    invites: invites.map(({ id, createdAt, expiresAt, by, used }) => ({
      id,
      by,
      made: day(createdAt),
      until: day(expiresAt),
      state: used ? ("used" as const) : expiresAt > now ? ("open" as const) : ("expired" as const),
      usedBy: used?.by ?? null,
    })),
  };
}

const SOMEBODY = "Somebody must be able to administrate: make another account an admin first.";

function check(changed: Changed): void {
  if (changed === "done") return;
  if (changed === "last-admin") throw new AuthFormError(400, { formError: SOMEBODY });
  throw new AuthFormError(400, { formError: "This account does not exist any more." });
}

/** Does what a form of the page asks for. Throws AuthFormError with what to tell when it is refused. */
export async function answerAdmin(asker: Asker, form: FormData) {
  const given = form.get("id");
  const id = typeof given === "string" ? given : "";
  switch (intentOf("routes/admin", form)) {
    case "disable":
      return disable(asker, id);
    case "enable":
      check(await enableUser(id));
      return done(asker, "account-enabled", { targetId: id });
    case "make-admin":
      check(await setRole(id, "admin"));
      return done(asker, "role-change", { targetId: id, role: "admin" });
    case "make-member":
      check(await setRole(id, "member"));
      return done(asker, "role-change", { targetId: id, role: "member" });
    case "invite":
      return invite(asker);
    case "revoke":
      if (!(await revokeInvite(id)))
        throw new AuthFormError(400, { formError: "This invitation was used or revoked meanwhile." });
      return done(asker, "invite-revoked", { inviteId: id });
    case null:
      throw new AuthFormError(400, { formError: "This form asks for nothing that is known here." });
  }
}

type Facts = { targetId?: string; inviteId?: string; role?: string; count?: number };

function done({ admin, request, ip }: Asker, event: AuditEvent, facts: Facts): Response {
  audit("ok", event, { userId: admin.id, ip, ...facts });
  const { search, page } = placeOf(request);
  return redirect(`/admin?${new URLSearchParams({ search, page: String(page), done: event })}`);
}

/** Ends the sign-ins and the runs of an account. What a run writes after that is not answered. */
async function disable(asker: Asker, id: string): Promise<Response> {
  if (id === asker.admin.id) throw new AuthFormError(400, { formError: "You cannot disable yourself." });
  check(await disableUser(id));
  const answer = done(asker, "account-disabled", { targetId: id });
  try {
    await stopRunsOf(id);
  } catch (error) {
    log("error", "runs-not-stopped", { userId: id, ...describeError(error) });
    const formError =
      "The account is disabled and signed out, but its running answers could not be stopped. They end by themselves, and no new ones begin.";
    throw new AuthFormError(503, { formError });
  }
  return answer;
}

/** The link is shown this once: only a hash of its token is kept. */
async function invite({ admin, ip }: Asker) {
  const token = await createInvite(admin.id);
  audit("ok", "invite-made", { userId: admin.id, ip });
  return data({ link: publicUrl(`/signup?${new URLSearchParams({ invite: token })}`) });
}
