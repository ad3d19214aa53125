import { redirect } from "@remix-run/node";
import { applyReset, createReset, userOfReset } from "#app/models/password-reset.server.ts";
import { findUserByEmail, foldEmail } from "#app/models/user.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { AuthFormError, parseForgotten, parseNewPassword } from "#app/server/auth-form.server.ts";
import { hashing, QUARTER_HOUR, refuseThrottled } from "#app/server/auth-limits.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { linkDelivery, sendMail } from "#app/server/mail.server.ts";
import { hashPassword } from "#app/server/password.server.ts";
import { publicUrl } from "#app/server/public-url.server.ts";
import { addressKey, Throttle } from "#app/server/throttle.server.ts";

const asksByAccount = new Throttle({ name: "reset account", limit: 3, windowMs: QUARTER_HOUR });
const asksByAddress = new Throttle({ name: "reset address", limit: 20, windowMs: QUARTER_HOUR });
const triesByAddress = new Throttle({ name: "reset try", limit: 30, windowMs: QUARTER_HOUR });

/**
 * Sends the account's owner a link that sets a new password. The answer comes before anything is looked up, so that
 * neither it nor its time tells whether there is such an account. Throws AuthFormError.
 */
export async function askForReset(form: FormData, ip: string): Promise<void> {
  const { email } = parseForgotten(form);
  const account = foldEmail(email);
  refuseThrottled(await asksByAddress.take(addressKey(ip)), "password-reset", { ip });
  refuseThrottled(await asksByAccount.take(account), "password-reset", { ip });
  deliver(account, ip).catch((error: unknown) => {
    log("error", "reset-not-sent", describeError(error));
  });
}

async function deliver(account: string, ip: string): Promise<void> {
  const found = await findUserByEmail(account);
  const way = linkDelivery();
  if (!found || found.disabled || way === "none") {
    const reason = way === "none" ? "no mail" : found ? "disabled" : "unknown";
    return audit("denied", "password-reset", { reason, account, ip });
  }
  const link = publicUrl(`/reset?${new URLSearchParams({ token: await createReset(found.id) })}`);
  audit("ok", "password-reset-asked", { userId: found.id, ip });
  // Whoever reads the log of their own machine is its operator.
  if (way === "log") return log("info", "password-reset-link", { userId: found.id, link });
  await sendMail({
    to: found.email,
    subject: "Set a new password for Longrun",
    text: letter(found.name, link),
  });
}

function letter(name: string, link: string): string {
  return [
    `Hello ${name.replace(/\s+/g, " ")},`,
    "somebody, probably you, asked for a new password for your Longrun account. This link sets one. It works once, within an hour:",
    link,
    "If it was not you, do nothing: your password stays as it is.",
  ].join("\n\n");
}

const SPENT = "This link was used already, or is older than an hour. Ask for a new one.";

/** Whether a link's token would still set a password, and disconnect a provider with it. */
export async function lookAtReset(token: string): Promise<{ open: boolean; connected: boolean }> {
  const user = await userOfReset(token);
  return { open: user !== null, connected: user?.connected ?? false };
}

/** Sets the new password, ends every other way in, and leads to the sign-in page. Throws AuthFormError. */
export async function resetPassword(form: FormData, ip: string): Promise<Response> {
  refuseThrottled(await triesByAddress.take(addressKey(ip)), "password-reset", { ip });
  const given = form.get("token");
  const token = typeof given === "string" ? given : "";
  const user = await userOfReset(token);
  if (!user) {
    audit("denied", "password-reset", { reason: "spent", ip });
    throw new AuthFormError(400, { formError: SPENT });
  }
  const { newPassword } = parseNewPassword(form, user);
  const passwordHash = await hashing(hashPassword(newPassword));
  if (!(await applyReset({ token, userId: user.id, passwordHash }))) {
    throw new AuthFormError(400, { formError: SPENT });
  }
  audit("ok", "password-reset", { userId: user.id, ip });
  return redirect("/login?reset=done");
}
