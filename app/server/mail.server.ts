import { createTransport } from "nodemailer";
import { env } from "#app/env.server.ts";

const TIMEOUT_MS = 15_000;

/** How a link reaches its owner: by mail, or on one machine by its log. "none": not at all. */
export function linkDelivery(): "mail" | "log" | "none" {
  const { SMTP_URL, LOCAL_TRIGGER_PORT } = env();
  if (SMTP_URL) return "mail";
  return LOCAL_TRIGGER_PORT === undefined ? "none" : "log";
}

/** Sends a mail of plain text over SMTP_URL. Throws when the server does not take it. */
export async function sendMail(mail: { to: string; subject: string; text: string }): Promise<void> {
  const { SMTP_URL, MAIL_FROM } = env();
  if (!SMTP_URL || !MAIL_FROM) throw new Error("SMTP_URL and MAIL_FROM are not set");
  const transport = createTransport({
    url: SMTP_URL,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    // As an object: what looks like several recipients is one that no server takes.
    await transport.sendMail({ ...mail, from: MAIL_FROM, to: { name: "", address: mail.to } });
  } finally {
    transport.close();
  }
}
