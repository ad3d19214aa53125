export type ListedChat = { id: string; title: string | null; updatedAt: string };

const DAY = 24 * 60 * 60 * 1000;
// Spans of hours, not calendar days: they are the same in every time zone, on the server and in the browser.
const GROUPS = [
  { name: "Last 24 hours", within: DAY },
  { name: "Last 7 days", within: 7 * DAY },
  { name: "Last 30 days", within: 30 * DAY },
  { name: "Earlier", within: Infinity },
];

/** Chats that come newest first, in groups of like age; empty groups are left out. */
export function groupByAge(chats: ListedChat[], now: string): { name: string; chats: ListedChat[] }[] {
  const groupOf = (chat: ListedChat) =>
    GROUPS.find(({ within }) => Date.parse(now) - Date.parse(chat.updatedAt) < within)?.name;
  return GROUPS.map(({ name }) => ({ name, chats: chats.filter((chat) => groupOf(chat) === name) })).filter(
    (group) => group.chats.length > 0,
  );
}
