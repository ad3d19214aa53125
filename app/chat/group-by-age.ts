/** A chat in the sidebar. `age` names its group. */
export type ListedChat = { id: string; title: string | null; age: string };

const DAY = 24 * 60 * 60 * 1000;
// Spans of hours, not calendar days: the server does not know where the reader's day begins.
const GROUPS = [
  { name: "Last 24 hours", within: DAY },
  { name: "Last 7 days", within: 7 * DAY },
  { name: "Last 30 days", within: 30 * DAY },
];

/** The group of something that was last changed at that time. */
export function ageOf(updatedAt: Date, now: Date): string {
  const age = now.getTime() - updatedAt.getTime();
  return GROUPS.find(({ within }) => age < within)?.name ?? "Earlier";
}

/** Chats that come newest first, in groups of like age. */
export function groupByAge(chats: ListedChat[]): { name: string; chats: ListedChat[] }[] {
  const groups = new Map<string, ListedChat[]>();
  for (const chat of chats) groups.set(chat.age, [...(groups.get(chat.age) ?? []), chat]);
  return Array.from(groups, ([name, inGroup]) => ({ name, chats: inGroup }));
}
