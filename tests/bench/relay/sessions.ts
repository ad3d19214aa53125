import { randomUUID } from "node:crypto";
import type { BenchServer } from "./relay.ts";

/** Makes sessions, each with its run, and returns their external ids. */
export function makeSessions(server: BenchServer, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => makeSession(server)));
}

export async function makeSession(server: BenchServer): Promise<string> {
  const externalId = randomUUID();
  const response = await fetch(`${server.url}/api/v1/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}` },
    body: JSON.stringify({
      type: "chat.agent",
      externalId,
      taskIdentifier: "bench-chat",
      triggerConfig: { basePayload: { chatId: externalId } },
    }),
  });
  if (response.status !== 201) throw new Error(`a session was not made: ${response.status}`);
  return externalId;
}
