// What most chats do: one express route that calls `streamText` and pipes the answer into the response.
// A process of its own, like each part of Longrun. Prints its port.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { convertToModelMessages, streamText, type UIMessage } from "ai";
import express from "express";
import type { AddressInfo } from "node:net";

const baseURL = process.argv[2];
if (!baseURL) throw new Error("usage: plain-route <model base url>");
const provider = createOpenAICompatible({ name: "scripted", baseURL });
const app = express();

app.post("/chat", express.json({ limit: "4mb" }), (request, response, next) => {
  const answer = async (): Promise<void> => {
    const { messages } = request.body as { messages: UIMessage[] };
    const result = streamText({
      model: provider("scripted"),
      messages: await convertToModelMessages(messages),
    });
    await result.pipeUIMessageStreamToResponse(response);
  };
  answer().catch(next);
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});
