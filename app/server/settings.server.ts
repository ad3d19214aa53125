import { redirect } from "@remix-run/node";
import {
  createLoginSession,
  endLogin,
  endOtherLogins,
  listLogins,
} from "#app/models/login-session.server.ts";
import { rememberModel } from "#app/models/chat-settings.server.ts";
import { renameUser, replacePassword } from "#app/models/user.server.ts";
import type { Asker } from "#app/server/asker.ts";
import { audit } from "#app/server/audit-log.server.ts";
import {
  AuthFormError,
  parseDeletion,
  parseNewPassword,
  parseProfile,
} from "#app/server/auth-form.server.ts";
import { chooseTheme } from "#app/server/choose-theme.server.ts";
import { hashing } from "#app/server/auth-limits.server.ts";
import { deleteAccount } from "#app/server/delete-account.server.ts";
import { askForEmail } from "#app/server/email-change.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { endedCookie, loginCookie, readLoginCookie } from "#app/server/login-cookie.server.ts";
import { chosenModel } from "#app/server/model-choice.server.ts";
import { hashPassword } from "#app/server/password.server.ts";
import { proveSelf } from "#app/server/prove-self.server.ts";
import { connectProvider, disconnectProvider } from "#app/server/sign-in-ways.server.ts";
import { agoOf } from "#app/shared/ago.ts";
import { deviceName } from "#app/shared/device-name.ts";

export type SignIn = { id: string; device: string; lastUse: string; current: boolean };

const tokenOf = async (request: Request) => (await readLoginCookie(request)) ?? "";

/** The browsers that are signed in, this one first. */
export async function signInsOf({ user, request }: Omit<Asker, "ip">): Promise<SignIn[]> {
  const logins = await listLogins({ userId: user.id, token: await tokenOf(request) });
  const now = new Date();
  return logins.map(({ id, userAgent, lastSeenAt, current }) => ({
    id,
    device: deviceName(userAgent),
    lastUse: agoOf(lastSeenAt, now),
    current,
  }));
}

/** Does what a form of the settings asks for. Throws AuthFormError with what to tell when it is refused. */
export async function answerSettings(asker: Asker, form: FormData): Promise<Response> {
  switch (intentOf("routes/settings", form)) {
    case "profile":
      await renameUser({ userId: asker.user.id, name: parseProfile(form).name });
      return redirect("/settings?saved=profile");
    case "model":
      return chooseModel(asker, form.get("defaultModel"));
    case "theme":
      return chooseTheme(form);
    case "password":
      return changePassword(asker, form);
    case "end-sign-in":
      return endOne(asker, form.get("id"));
    case "end-others":
      return endOthers(asker);
    case "email":
      return askForEmail(asker, form);
    case "connect":
      return connectProvider(asker, form);
    case "disconnect":
      return disconnectProvider(asker, form);
    case "delete":
      return erase(asker, form);
    case null:
      throw new AuthFormError(400, { formError: "This form asks for nothing that is known here." });
  }
}

async function chooseModel({ user }: Asker, wanted: FormDataEntryValue | null): Promise<Response> {
  const chosen = await chosenModel(wanted);
  if ("error" in chosen) throw new AuthFormError(400, { formError: chosen.error });
  await rememberModel(user.id, { defaultModel: chosen.model });
  return redirect("/settings?saved=model");
}

/** Ends every sign-in, this browser's too, which goes on under a new one. */
async function changePassword(asker: Asker, form: FormData): Promise<Response> {
  const { user, request, ip } = asker;
  const { newPassword } = parseNewPassword(form, user);
  await proveSelf(asker, "password-change", form, "currentPassword");
  const passwordHash = await hashing(hashPassword(newPassword));
  const count = await replacePassword({ userId: user.id, passwordHash });
  audit("ok", "password-change", { userId: user.id, ip, count });
  const userAgent = request.headers.get("User-Agent");
  const token = await createLoginSession({ userId: user.id, userAgent, ip });
  const headers = { "Set-Cookie": await loginCookie(request, token) };
  return redirect("/settings?saved=password", { headers });
}

async function endOne({ user, ip }: Asker, id: FormDataEntryValue | null): Promise<Response> {
  // One that has ended already is as it should be.
  if (typeof id === "string" && (await endLogin({ userId: user.id, id }))) {
    audit("ok", "sign-ins-ended", { userId: user.id, ip, count: 1 });
  }
  return redirect("/settings?saved=sign-ins");
}

async function endOthers({ user, request, ip }: Asker): Promise<Response> {
  const count = await endOtherLogins({ userId: user.id, token: await tokenOf(request) });
  audit("ok", "sign-ins-ended", { userId: user.id, ip, count });
  return redirect("/settings?saved=sign-ins");
}

async function erase(asker: Asker, form: FormData): Promise<Response> {
  const { user, request, ip } = asker;
  parseDeletion(form, user.email);
  await proveSelf(asker, "account-deletion", form, "deletePassword");
  const count = await deleteAccount(user.id);
  audit("ok", "account-deletion", { userId: user.id, ip, count });
  return redirect("/login", { headers: { "Set-Cookie": await endedCookie(request) } });
}
