import type { triggerClient } from "./trigger-client.ts";

type Headers = [string, string][];

/** Ends a turn as the runtime does: through the S2 data plane. */
export function endTurn(client: Client, chatId: string, inputSeq: number | null): Promise<void> {
  const id: Headers = inputSeq === null ? [] : [["session-in-event-id", String(inputSeq)]];
  return writeControl(client, chatId, "turn-complete", id);
}

/** A control record of the runtime on `.out`. */
export async function writeControl(
  client: Client,
  chatId: string,
  control: string,
  more: Headers = [],
): Promise<void> {
  const { headers } = await client.open(chatId, "out");
  const header = (name: string) => headers.get(`x-s2-${name}`) ?? "";
  await fetch(`${header("endpoint")}/streams/${encodeURIComponent(header("stream-name"))}/records`, {
    method: "POST",
    headers: { authorization: `Bearer ${header("access-token")}`, "content-type": "application/json" },
    body: JSON.stringify({ records: [{ body: "", headers: [["trigger-control", control], ...more] }] }),
  });
}

/** The input that each turn's end on `.out` names, null where it names none. */
export async function turnEnds(client: Client, chatId: string): Promise<(string | null)[]> {
  const { records } = (await client.records(chatId, "out")).body;
  return records.flatMap((record) => {
    const headers = Object.fromEntries(record.headers ?? []);
    return headers["trigger-control"] === "turn-complete" ? [headers["session-in-event-id"] ?? null] : [];
  });
}

type Client = ReturnType<typeof triggerClient>;
