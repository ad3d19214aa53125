import { afterEach, beforeEach } from "vitest";
import { OpenChat } from "./chat-script.ts";
import { OutServer } from "./out-server.ts";

type Init = ConstructorParameters<typeof OpenChat>[1];

/** For each test of a file a server of its own and a way to open chats on it; both are gone after the test. */
export function chatsOnServer(): { server: () => OutServer; open: (init?: Init) => OpenChat } {
  let server: OutServer;
  let opened: OpenChat[] = [];
  beforeEach(async () => {
    server = await OutServer.start();
  });
  afterEach(async () => {
    for (const chat of opened) chat.close();
    opened = [];
    await server.stop();
  });
  return {
    server: () => server,
    open: (init) => {
      const chat = new OpenChat(server, init);
      opened.push(chat);
      return chat;
    },
  };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
