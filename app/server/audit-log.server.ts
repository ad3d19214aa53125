import { createHmac, hkdfSync } from "node:crypto";
import { env } from "#app/env.server.ts";
import { log } from "#app/server/log.server.ts";

export type AuditEvent =
  | "sign-in"
  | "sign-up"
  | "sign-out"
  | "sign-ins-ended"
  | "password-change"
  | "password-reset-asked"
  | "password-reset"
  | "export"
  | "import"
  | "account-deletion"
  | "chat-access"
  | "attachment-access"
  | "admin-access"
  | "account-disabled"
  | "account-enabled"
  | "role-change"
  | "invite-made"
  | "invite-revoked"
  | "signed-out-access"
  | "limit"
  | "provider-connected"
  | "provider-disconnected"
  | "email-change-asked"
  | "email-change";

type Facts = {
  userId?: string;
  /** The account that an admin changed. */
  targetId?: string;
  inviteId?: string;
  role?: string;
  chatId?: string;
  attachmentId?: string;
  reason?: string;
  provider?: string;
  path?: string;
  count?: number;
  /** Logged as a pseudonym only: the email address that was typed, and the address of whoever asks. */
  account?: string;
  ip?: string;
};

let key: Buffer | undefined;

/** Same for the same value on this installation, and of no use to anyone without SESSION_SECRET. */
function pseudonym(value: string): string {
  key ??= Buffer.from(hkdfSync("sha256", env().SESSION_SECRET, "", "longrun audit log", 32));
  return createHmac("sha256", key).update(value).digest("hex").slice(0, 16);
}

/** One line of the audit log: who did what, or was denied it. No names, addresses, form bodies or tokens. */
export function audit(outcome: "ok" | "denied", event: AuditEvent, facts: Facts): void {
  const { account, ip, ...open } = facts;
  log(outcome === "ok" ? "info" : "warn", "audit", {
    what: event,
    outcome,
    ...open,
    ...(account === undefined ? {} : { account: pseudonym(account) }),
    ...(ip === undefined ? {} : { from: pseudonym(ip) }),
  });
}
