import { calculate } from "#trigger/tools/calculate.ts";
import { currentTime } from "#trigger/tools/current-time.ts";
import { runJavaScript } from "#trigger/tools/run-javascript.ts";
import { searchChats } from "#trigger/tools/search-chats.ts";

/** The tools of one chat's run, bound to its owner. */
export function chatTools(scope: { userId: string; chatId: string }) {
  return { currentTime, searchChats: searchChats(scope), calculate, runJavaScript };
}
