import { redirect } from "@remix-run/node";
import { applyEmailChange, createEmailChange } from "#app/models/email-change.server.ts";
import { findUserByEmail, foldEmail } from "#app/models/user.server.ts";
import type { Asker } from "#app/server/asker.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { AuthFormError, parseNewEmail } from "#app/server/auth-form.server.ts";
import { QUARTER_HOUR, refuseThrottled } from "#app/server/auth-limits.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { linkDelivery, sendMail } from "#app/server/mail.server.ts";
import { proveSelf } from "#app/server/prove-self.server.ts";
import { publicUrl } from "#app/server/public-url.server.ts";
import { addressKey, Throttle } from "#app/server/throttle.server.ts";

const asksByUser = new Throttle({ name: "email change", limit: 5, windowMs: QUARTER_HOUR });
const triesByAddress = new Throttle({ name: "email change try", limit: 30, windowMs: QUARTER_HOUR });

/**
 * Sends a link to the new address, which changes it once it is confirmed there, and tells the old one. The answer does not tell whether
 * somebody else has an account with it. Throws AuthFormError.
 */
export async function askForEmail(asker: Asker, form: FormData): Promise<Response> {
  const { user, ip } = asker;
  const email = foldEmail(parseNewEmail(form).newEmail);
  if (email === user.email) {
    throw new AuthFormError(400, { fieldErrors: { newEmail: "This is your address already." } });
  }
  if (linkDelivery() === "none") {
    const formError = "This server sends no mail, so no address can be confirmed. Ask whoever runs it.";
    throw new AuthFormError(400, { formError });
  }
  await proveSelf(asker, "email-change-asked", form, "emailPassword");
  refuseThrottled(await asksByUser.take(user.id), "email-change-asked", { ip, userId: user.id });
  tellAsked(user, email).catch(notSent);
  deliver(user, email, ip).catch(notSent);
  return redirect("/settings?saved=email-asked#email");
}

const notSent = (error: unknown) => log("error", "mail-not-sent", describeError(error));

/** Whether the address is free or not: the old mailbox learns no more than the page does. */
async function tellAsked({ name, email: to }: Asker["user"], email: string): Promise<void> {
  if (linkDelivery() !== "mail") return;
  const text = letter(name, [
    `somebody, probably you, wants to change the address of your Longrun account to ${email}. That happens once it is confirmed there, within an hour.`,
    "If it was not you, set a new password now. It stops the change, and signs out whoever asked for it:",
    publicUrl("/forgot"),
  ]);
  await sendMail({ to, subject: "A new address was asked for your Longrun account", text });
}

async function deliver(user: Asker["user"], email: string, ip: string): Promise<void> {
  if (await findUserByEmail(email)) {
    return audit("denied", "email-change-asked", { reason: "taken", userId: user.id, account: email, ip });
  }
  const token = await createEmailChange(user.id, email);
  const link = publicUrl(`/email?${new URLSearchParams({ token })}`);
  audit("ok", "email-change-asked", { userId: user.id, ip });
  // Whoever reads the log of their own machine is its operator.
  if (linkDelivery() === "log") return log("info", "email-change-link", { userId: user.id, link });
  const text = letter(user.name, [
    "somebody, probably you, wants to use this address for a Longrun account. This link confirms it. It works once, within an hour:",
    link,
    "If it was not you, do nothing.",
  ]);
  await sendMail({ to: email, subject: "Confirm your address for Longrun", text });
}

const letter = (name: string, lines: string[]): string =>
  [`Hello ${name.replace(/\s+/g, " ")},`, ...lines].join("\n\n");

const REFUSED = {
  spent: "This link was used already, or is older than an hour. Ask for a new one in the settings.",
  taken: "This address cannot be used: another account has it.",
};

/** Changes the address, tells the old one, and leads to the settings. Throws AuthFormError. */
export async function confirmEmail(form: FormData, ip: string): Promise<Response> {
  refuseThrottled(await triesByAddress.take(addressKey(ip)), "email-change", { ip });
  const token = form.get("token");
  const changed = await applyEmailChange(typeof token === "string" ? token : "");
  if (changed.outcome !== "done") {
    audit("denied", "email-change", { reason: changed.outcome, ip });
    throw new AuthFormError(400, { formError: REFUSED[changed.outcome] });
  }
  audit("ok", "email-change", { userId: changed.userId, ip });
  tellOld(changed).catch(notSent);
  return redirect("/settings?saved=email#email");
}

async function tellOld({ name, from, to }: { name: string; from: string; to: string }): Promise<void> {
  if (linkDelivery() !== "mail") return;
  const text = letter(name, [
    `your Longrun account has a new address now: ${to}. From now on you sign in with it, and mails go there.`,
    "If it was not you, tell whoever runs this server.",
  ]);
  await sendMail({ to: from, subject: "Your Longrun account has a new address", text });
}
