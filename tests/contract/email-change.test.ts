import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { SmtpServer, type Mail } from "../support/smtp-server.ts";
import { outcome, WebUnderTest } from "../support/web-routes.ts";

const PASSWORD = "tuba plinth 49";
const HERE = "https://chat.example";

let web: WebUnderTest;
let smtp: SmtpServer;
let confirming: typeof import("#app/routes/_auth.email.tsx");
let resetting: typeof import("#app/routes/_auth.reset.tsx");
let resets: typeof import("#app/models/password-reset.server.ts");
let passwords: typeof import("#app/server/password.server.ts");
let number = 0;

beforeAll(async () => {
  smtp = await SmtpServer.start();
  Object.assign(process.env, { SMTP_URL: smtp.url, MAIL_FROM: "chat@example.org", PUBLIC_URL: HERE });
  web = await WebUnderTest.start();
  confirming = await import("#app/routes/_auth.email.tsx");
  resetting = await import("#app/routes/_auth.reset.tsx");
  resets = await import("#app/models/password-reset.server.ts");
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
  return { ...made, email, next: `next${number++}@example.org` };
}

type Person = Awaited<ReturnType<typeof person>>;

const ask = ({ cookie }: Person, newEmail: string, emailPassword = PASSWORD) =>
  web.saveSettings(cookie, { intent: "email", newEmail, emailPassword });

const at = (token: string, method: "GET" | "POST", path = "/email", fields = {}) => ({
  request: new Request(`${HERE}${path}?${new URLSearchParams({ token })}`, {
    method,
    ...(method === "POST" ? { body: new URLSearchParams({ token, ...fields }) } : {}),
  }),
  params: {},
  context: { nonce: "", ip: `10.3.0.${number++ % 250}` },
});
const look = async (token: string) => (await confirming.loader(at(token, "GET"))).email;
const confirm = (token: string) => outcome(confirming.action(at(token, "POST")));
const reset = (token: string, newPassword: string) =>
  outcome(resetting.action(at(token, "POST", "/reset", { newPassword })));

async function mailTo(email: string, count = 1): Promise<Mail> {
  const sent = () => smtp.mails.filter(({ to }) => to.includes(email));
  await eventually(() => sent().length >= count, {
    what: () => `${sent().length} mails to ${email}`,
    ms: 10_000,
  });
  return sent().at(-1) as Mail;
}
const tokenIn = ({ text }: Mail) => /token=([\w-]{43})/.exec(text)?.[1] ?? "";
const emailOf = async ({ userId }: Person) =>
  (await web.db().user.findUniqueOrThrow({ where: { id: userId } })).email;

test("the address changes once the new one has confirmed it, once, and the old one is told", async () => {
  const ada = await person();
  const old = {
    userId: ada.userId,
    tokenHash: "of the old mailbox",
    expiresAt: new Date(Date.now() + 60_000),
  };
  await web.db().passwordReset.create({ data: old });
  expect(await ask(ada, ` ${ada.next.toUpperCase()} `)).toMatchObject({ status: 302 });
  const mail = await mailTo(ada.next);
  expect(mail.text).toContain(`${HERE}/email?token=`);
  const token = tokenIn(mail);
  expect(await emailOf(ada), "not before it is confirmed").toBe(ada.email);
  expect(JSON.stringify(await web.db().emailChange.findMany())).not.toContain(token);
  expect(await look(token)).toBe(ada.next);
  expect(await emailOf(ada), "not by looking at the page").toBe(ada.email);
  expect(await confirm(token)).toMatchObject({ status: 302, location: "/settings?saved=email#email" });
  expect(await emailOf(ada)).toBe(ada.next);
  expect((await mailTo(ada.email, 2)).text).toContain(`has a new address now: ${ada.next}`);
  expect(
    await web.db().passwordReset.count({ where: { userId: ada.userId } }),
    "links of the old mailbox",
  ).toBe(0);
  expect(await look(token)).toBeNull();
  expect((await confirm(token)).status).toBe(400);
});

test("the old address is told as soon as a change is asked for, with a way to stop it", async () => {
  const [ada, grace] = [await person(), await person()];
  await ask(ada, ada.next);
  const { text } = await mailTo(ada.email);
  expect(text).toContain(ada.next);
  expect(text).toContain(`${HERE}/forgot`);
  expect(text, "it is no way to confirm").not.toContain("token=");
  await ask(ada, grace.email);
  expect((await mailTo(ada.email, 2)).text, "also of an address that is taken").toContain(grace.email);
});

test("a link that was asked for before the password was reset or changed is spent after it", async () => {
  const [ada, grace] = [await person(), await person()];
  await ask(ada, ada.next);
  await ask(grace, grace.next);
  const [adas, graces] = [tokenIn(await mailTo(ada.next)), tokenIn(await mailTo(grace.next))];
  expect((await reset(await resets.createReset(ada.userId), "eleven quiet herons")).status).toBe(302);
  const open = await resets.createReset(grace.userId);
  const fields = { intent: "password", currentPassword: PASSWORD, newPassword: "eleven quiet herons" };
  expect((await web.saveSettings(grace.cookie, fields)).status).toBe(302);
  for (const [who, token] of [
    [ada, adas],
    [grace, graces],
  ] as const) {
    expect(await look(token)).toBeNull();
    expect(await confirm(token)).toMatchObject({
      status: 400,
      body: expect.stringContaining("used already"),
    });
    expect(await emailOf(who)).toBe(who.email);
  }
  expect((await reset(open, "another quiet heron")).status, "a link that resets the password too").toBe(400);
});

test("nobody changes it without the password", async () => {
  const ada = await person();
  const refused = await ask(ada, ada.next, "a wrong guess");
  expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
    400,
    { fieldErrors: { emailPassword: /not/ } },
  ]);
  expect(await web.db().emailChange.count({ where: { userId: ada.userId } })).toBe(0);
});

test("an address that somebody has is answered like any other, gets no mail, and is refused when it is taken meanwhile", async () => {
  const [ada, grace] = [await person(), await person()];
  expect(await ask(ada, grace.email)).toEqual(await ask(ada, ada.next));
  const token = tokenIn(await mailTo(ada.next));
  expect(smtp.mails.flatMap(({ to }) => to)).not.toContain(grace.email);
  await web.db().user.update({ where: { id: grace.userId }, data: { email: ada.next } });
  expect(await confirm(token)).toMatchObject({
    status: 400,
    body: expect.stringContaining("another account"),
  });
  expect(await emailOf(ada)).toBe(ada.email);
});

test("only the newest link works, not one that is too old, and not a disabled account's", async () => {
  const ada = await person();
  await ask(ada, ada.next);
  const first = tokenIn(await mailTo(ada.next));
  await ask(ada, ada.next);
  const second = tokenIn(await mailTo(ada.next, 2));
  expect((await confirm(first)).status).toBe(400);
  await web.db().user.update({ where: { id: ada.userId }, data: { disabledAt: new Date() } });
  expect((await confirm(second)).status).toBe(400);
  await web.db().user.update({ where: { id: ada.userId }, data: { disabledAt: null } });
  await web.db().emailChange.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
  expect((await confirm(second)).status).toBe(400);
  expect(await emailOf(ada)).toBe(ada.email);
});

test("asking is throttled per person", async () => {
  const ada = await person();
  for (let i = 0; i < 5; i++) expect((await ask(ada, `n${i}.${ada.next}`)).status).toBe(302);
  expect((await ask(ada, ada.next)).status).toBe(429);
});
