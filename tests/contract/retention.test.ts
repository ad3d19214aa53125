import { runs, tasks } from "@trigger.dev/sdk";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer(undefined, { retentionDays: 3 });

async function ended(daysAgo: number): Promise<string> {
  const { id } = await tasks.trigger("task-a", {});
  await runs.cancel(id);
  const age = `update local_trigger.runs set completed_at = completed_at - $2 * interval '1 day' where id = $1`;
  await server.trigger.local.query(age, [id, daysAgo]);
  return id;
}

test("a run that ended longer ago than it is kept answers 404 with a sentence, after the next start", async () => {
  const [old, young] = [await ended(4), await ended(2)];
  await server.trigger.local.restart();
  const stored = `select id from local_trigger.runs where id = any($1)`;
  const swept = async () => (await server.trigger.local.query(stored, [[old, young]])).length === 1;
  await eventually(swept, { what: () => "nothing was swept", ms: 10_000 });
  for (const gone of [() => runs.retrieve(old), () => runs.replay(old), () => runs.cancel(old)]) {
    await expect(gone()).rejects.toMatchObject({ status: 404 });
    await expect(gone()).rejects.toThrow(/ended so long ago that it was removed/);
  }
  expect((await runs.retrieve(young)).status).toBe("CANCELED");
  expect((await runs.list()).data.map(({ id }) => id)).not.toContain(old);
});
