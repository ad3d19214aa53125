import { currentTime } from "#trigger/tools/current-time.ts";
import { searchChats } from "#trigger/tools/search-chats.ts";

/** The tools of one chat's run, bound to its owner. */
export function chatTools(scope: { userId: string; chatId: string }) {
  return { currentTime, searchChats: searchChats(scope) };
}
