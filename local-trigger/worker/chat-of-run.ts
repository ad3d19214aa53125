import { z } from "zod";

const chatPayload = z.object({ sessionId: z.string(), chatId: z.string().optional() });

/** Empty for a run that is not of a session. */
export type ChatIds = Partial<z.infer<typeof chatPayload>>;

/** Which chat a run is of, by its payload. */
export function chatOf(payload: string): ChatIds {
  try {
    return chatPayload.safeParse(JSON.parse(payload)).data ?? {};
  } catch {
    return {};
  }
}
