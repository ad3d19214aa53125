import { expect, test } from "vitest";
import { readForm } from "./read-form.server.ts";

const post = (type: string, body: string | Uint8Array<ArrayBuffer>) =>
  new Request("http://127.0.0.1/", { method: "POST", body, headers: { "content-type": type } });

test("a posted form is read", async () => {
  const form = await readForm(post("application/x-www-form-urlencoded", "name=Ada&intent=rename"));
  expect(Object.fromEntries(form)).toEqual({ name: "Ada", intent: "rename" });
});

test("what the database refuses in a text is taken out of every field", async () => {
  const form = await readForm(post("application/x-www-form-urlencoded", "target=%00a&id=%00"));
  expect(Object.fromEntries(form)).toEqual({ target: "\uFFFDa", id: "\uFFFD" });
});

test.each([
  ["JSON", "application/json", '{"intent":"rename"}'],
  ["broken UTF-8", "text/plain", new Uint8Array([0xff, 0xfe])],
  ["parts without an end", "multipart/form-data; boundary=x", "--x\r\nhalf"],
])("%s is refused with a sentence", async (_name, type, body) => {
  const refused = await readForm(post(type, body)).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(Response);
  expect((refused as Response).status).toBe(400);
  expect(await (refused as Response).text()).toMatch(/could not be read/);
});
