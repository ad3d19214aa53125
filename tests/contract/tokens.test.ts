import { auth, wait } from "@trigger.dev/sdk";
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer();
const tokens = "/api/v1/waitpoints/tokens";
const anHour = 3_600_000;

async function idsOf(query: Parameters<typeof wait.listTokens>[0]): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of wait.listTokens(query)) ids.push(id);
  return ids;
}

describe("wait.listTokens", () => {
  /** From the oldest to the newest: completed, timed out, waiting. */
  let made: string[];
  beforeAll(async () => {
    const make = async (options: Parameters<typeof wait.createToken>[0]) =>
      (await wait.createToken(options)).id;
    made = [
      await make({ timeout: "1h", tags: ["listed", "done"], idempotencyKey: "the first" }),
      await make({ timeout: "1s", tags: ["listed", "late"] }),
      await make({ timeout: "1h", tags: ["listed"] }),
    ];
    await wait.createToken({ timeout: "1h", tags: ["another"] });
    await wait.completeToken(made[0] ?? "", { word: "go" });
    const late = async () => (await wait.retrieveToken(made[1] ?? "")).status === "TIMED_OUT";
    await eventually(late, { what: () => "the token did not time out", ms: 30_000 });
  });

  test("lists the newest first, and pages to the end and back", async () => {
    const newestFirst = made.toReversed();
    expect(await idsOf({ tags: ["listed"], limit: 1 })).toEqual(newestFirst);
    const page = await wait.listTokens({ tags: ["listed"], limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual(newestFirst.slice(0, 2));
    expect(page.hasPreviousPage()).toBe(false);
    const last = await page.getNextPage();
    expect(last.data.map(({ id }) => id)).toEqual(newestFirst.slice(2));
    expect(last.hasNextPage()).toBe(false);
    expect(last.hasPreviousPage()).toBe(true);
    const back = await wait.listTokens({ tags: ["listed"], limit: 2, before: last.data[0]?.id ?? "" });
    expect(back.data.map(({ id }) => id)).toEqual(newestFirst.slice(0, 2));
    expect((await wait.listTokens({ after: "waitpoint_unknown" })).data).toEqual([]);
  });

  test("filters by state, tags, idempotency key and time", async () => {
    const [done, late, waiting] = made;
    const listed = (query: Parameters<typeof wait.listTokens>[0]) => idsOf({ tags: "listed", ...query });
    expect(await listed({ status: "COMPLETED" })).toEqual([done]);
    expect(await listed({ status: "TIMED_OUT" })).toEqual([late]);
    expect(await listed({ status: ["WAITING", "TIMED_OUT"] })).toEqual([waiting, late]);
    expect(await idsOf({ tags: ["done", "late"] })).toEqual([late, done]);
    expect(await idsOf({ idempotencyKey: "the first" })).toEqual([done]);
    expect(await listed({ from: new Date(Date.now() - anHour), period: "1h" })).toHaveLength(3);
    expect(await listed({ to: new Date(Date.now() - anHour) })).toEqual([]);
    expect(await listed({ from: new Date(Date.now() + anHour) })).toEqual([]);
    expect((await server.call("GET", `${tokens}?filter[status]=LOST`)).status).toBe(400);
    expect((await server.call("GET", `${tokens}?filter[createdAt][period]=ever`)).status).toBe(400);
  });
});

describe("a wait token", () => {
  test("is read with what it was completed with, and the first completion counts", async () => {
    const { id } = await wait.createToken({ timeout: "1h", tags: ["read"] });
    expect(await wait.retrieveToken(id)).toMatchObject({ id, status: "WAITING", tags: ["read"] });
    await wait.completeToken(id, { word: "first" });
    await wait.completeToken(id, { word: "second" });
    expect(await wait.retrieveToken(id)).toMatchObject({
      status: "COMPLETED",
      output: { word: "first" },
      completedAt: expect.any(Date) as Date,
    });
    expect((await server.call("GET", `${tokens}/waitpoint_unknown`)).status).toBe(404);
  });

  test("that nobody completes is TIMED_OUT, with an error, and stays so", async () => {
    const { id } = await wait.createToken({ timeout: "1s" });
    const read = () => server.call("GET", `${tokens}/${id}`);
    await expect.poll(async () => (await read()).body["status"], { timeout: 30_000 }).toBe("TIMED_OUT");
    expect((await read()).body).toMatchObject({ outputIsError: true });
    await wait.completeToken(id, { word: "late" });
    expect((await read()).body["status"]).toBe("TIMED_OUT");
    expect((await wait.retrieveToken(id)).error?.message).toBe("Waitpoint timed out");
  });

  test("is completed from a browser with the token that its creation handed out, and with no other", async () => {
    const { id, publicAccessToken } = await wait.createToken({ timeout: "1h" });
    const complete = async (as: string) =>
      (await server.call("POST", `${tokens}/${id}/complete`, { as, body: { data: { by: "page" } } })).status;
    for (const scope of ["write:waitpoints:waitpoint_other", `read:waitpoints:${id}`, "write:runs"])
      expect([scope, await complete(await server.trigger.token([scope]))]).toEqual([scope, 403]);
    expect((await wait.retrieveToken(id)).status).toBe("WAITING");
    await auth.withAuth({ baseURL: server.trigger.url, accessToken: publicAccessToken }, () =>
      wait.completeToken(id, { by: "page" }),
    );
    expect(await wait.retrieveToken(id)).toMatchObject({ status: "COMPLETED", output: { by: "page" } });
  });

  test("is completed by a POST to its callback URL, without a key, and not with another's hash", async () => {
    const [mine, other] = [
      await wait.createToken({ timeout: "1h" }),
      await wait.createToken({ timeout: "1h" }),
    ];
    const post = async (url: string, body = '{"from":"a webhook"}') =>
      (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).status;
    const hashOf = (url: string) => url.split("/").at(-1) ?? "";
    expect(await post(mine.url.replace(hashOf(mine.url), hashOf(other.url)))).toBe(404);
    expect(await post(mine.url.slice(0, -1))).toBe(404);
    expect(await post(mine.url, "no json")).toBe(400);
    expect((await wait.retrieveToken(mine.id)).status).toBe("WAITING");
    expect(await post(mine.url)).toBe(200);
    expect(await wait.retrieveToken(mine.id)).toMatchObject({ output: { from: "a webhook" } });
    expect((await wait.retrieveToken(other.id)).status).toBe("WAITING");
  });
});
