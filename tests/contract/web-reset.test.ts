import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { SmtpServer, type Mail } from "../support/smtp-server.ts";
import { outcome, WebUnderTest, type Outcome } from "../support/web-routes.ts";

const PASSWORD = "tuba plinth 49";
const CHANGED = "eleven quiet herons";
const HERE = "https://chat.example";

let web: WebUnderTest;
let smtp: SmtpServer;
let forgot: typeof import("#app/routes/_auth.forgot.tsx");
let reset: typeof import("#app/routes/_auth.reset.tsx");
let identities: typeof import("#app/models/identity.server.ts");
let passwords: typeof import("#app/server/password.server.ts");
let address = 0;

beforeAll(async () => {
  smtp = await SmtpServer.start();
  Object.assign(process.env, { SMTP_URL: smtp.url, MAIL_FROM: "chat@example.org", PUBLIC_URL: HERE });
  web = await WebUnderTest.start();
  forgot = await import("#app/routes/_auth.forgot.tsx");
  reset = await import("#app/routes/_auth.reset.tsx");
  identities = await import("#app/models/identity.server.ts");
  passwords = await import("#app/server/password.server.ts");
});
afterAll(async () => {
  for (const name of ["SMTP_URL", "MAIL_FROM", "PUBLIC_URL"]) delete process.env[name];
  await web.stop();
  await smtp.stop();
});

async function person() {
  const made = await web.person();
  const passwordHash = await passwords.hashPassword(PASSWORD);
  const { email } = await web.db().user.update({ where: { id: made.userId }, data: { passwordHash } });
  return { ...made, email };
}

/** Posts with a Host that only an attacker would send. */
const post = (path: string, fields: Record<string, string>) =>
  new Request(`http://evil.example${path}`, { method: "POST", body: new URLSearchParams(fields) });

const ask = (email: string, ip = `10.1.0.${address++ % 250}`): Promise<Outcome> =>
  outcome(forgot.action({ request: post("/forgot", { email }), params: {}, context: { nonce: "", ip } }));

const set = (token: string, newPassword: string, ip = `10.2.0.${address++ % 250}`): Promise<Outcome> =>
  outcome(
    reset.action({ request: post("/reset", { token, newPassword }), params: {}, context: { nonce: "", ip } }),
  );

const look = (token: string) => {
  const request = new Request(`${HERE}/reset?${new URLSearchParams({ token })}`);
  return reset.loader({ request, params: {}, context: { nonce: "", ip: "" } });
};
const isOpen = async (token: string): Promise<boolean> => (await look(token)).open;

async function mailTo(email: string, count = 1): Promise<Mail> {
  const sent = () => smtp.mails.filter(({ to }) => to.includes(email));
  await eventually(() => sent().length >= count, {
    what: () => `${sent().length} mails, not ${count}`,
    ms: 10_000,
  });
  return sent().at(-1) as Mail;
}

const tokenIn = ({ text }: Mail) => /token=([\w-]{43})/.exec(text)?.[1] ?? "";

async function fits(userId: string, password: string): Promise<boolean> {
  const { passwordHash } = await web.db().user.findUniqueOrThrow({ where: { id: userId } });
  return passwords.verifyPassword(passwordHash, password);
}

test("the mailed link sets a password once, ends every sign-in, and leads to this server whatever Host asked", async () => {
  const ada = await person();
  expect((await ask(` ${ada.email.toUpperCase()} `)).status).toBe(200);
  const mail = await mailTo(ada.email);
  expect(mail).toMatchObject({ from: "chat@example.org", to: [ada.email] });
  expect(mail.text).toContain(`${HERE}/reset?token=`);
  expect(mail.text).not.toContain("evil");
  const token = tokenIn(mail);
  expect(JSON.stringify(await web.db().passwordReset.findMany())).not.toContain(token);
  expect(await isOpen(token)).toBe(true);
  expect(await set(token, CHANGED)).toMatchObject({ status: 302, location: "/login?reset=done" });
  expect([await fits(ada.userId, CHANGED), await fits(ada.userId, PASSWORD)]).toEqual([true, false]);
  expect((await outcome(web.list(ada.cookie))).status, "signed out").toBe(302);
  expect(await isOpen(token)).toBe(false);
  expect((await set(token, PASSWORD)).status).toBe(400);
  expect(await fits(ada.userId, CHANGED)).toBe(true);
});

test("what was connected before the reset signs nobody in after it, and the page says so before", async () => {
  const [ada, grace] = [await person(), await person()];
  const eves = { issuer: "https://github.com", subject: "of an intruder" };
  await identities.connectIdentity(ada.userId, { ...eves, label: "eve" });
  expect(await identities.userOfIdentity(eves)).toMatchObject({ id: ada.userId });
  await Promise.all([ask(ada.email), ask(grace.email)]);
  const [token, graces] = [tokenIn(await mailTo(ada.email)), tokenIn(await mailTo(grace.email))];
  expect([await look(token), await look(graces)]).toMatchObject([{ connected: true }, { connected: false }]);
  expect((await set(token, "short")).status).toBe(400);
  expect(await identities.userOfIdentity(eves), "not by a try").not.toBeNull();
  expect((await set(token, CHANGED)).status).toBe(302);
  expect(await identities.userOfIdentity(eves)).toBeNull();
});

test("an unknown address, a disabled account and a known one get the same answer; only the known one gets a mail", async () => {
  const [known, disabled] = [await person(), await person()];
  await web.db().user.update({ where: { id: disabled.userId }, data: { disabledAt: new Date() } });
  const answers = [await ask("nobody@example.org"), await ask(disabled.email), await ask(known.email)];
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  await mailTo(known.email);
  expect(smtp.mails.flatMap(({ to }) => to)).not.toContain("nobody@example.org");
  expect(smtp.mails.flatMap(({ to }) => to)).not.toContain(disabled.email);
});

test("only the newest link works, not one that is too old, and two at once set one password", async () => {
  const ada = await person();
  await ask(ada.email);
  const first = tokenIn(await mailTo(ada.email));
  await ask(ada.email);
  const second = tokenIn(await mailTo(ada.email, 2));
  expect([await isOpen(first), await isOpen(second)]).toEqual([false, true]);
  const answers = await Promise.all([set(second, CHANGED), set(second, "another quiet heron")]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([302, 400]);

  await ask(ada.email);
  const old = tokenIn(await mailTo(ada.email, 3));
  await web.db().passwordReset.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
  expect((await set(old, "yet another heron")).status).toBe(400);
});

test("a common or a made-up try is refused, and uses no link up", async () => {
  const ada = await person();
  await ask(ada.email);
  const token = tokenIn(await mailTo(ada.email));
  for (const weak of ["short", "Password123!", ada.email]) expect((await set(token, weak)).status).toBe(400);
  expect((await set("made up", CHANGED)).status).toBe(400);
  expect(await isOpen(token)).toBe(true);
});

test("asking is throttled per account and per address, whether there is an account or not", async () => {
  const ada = await person();
  for (const email of [ada.email, "nobody.here@example.org"]) {
    for (let i = 0; i < 3; i++) expect((await ask(email)).status).toBe(200);
    expect((await ask(email)).status).toBe(429);
  }
  const from = "10.9.9.9";
  for (let i = 0; i < 20; i++) expect((await ask(`n${i}@example.org`, from)).status).toBe(200);
  expect((await ask("one-more@example.org", from)).status).toBe(429);
});
