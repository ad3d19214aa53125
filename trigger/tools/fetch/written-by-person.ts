import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

/** The messages of a chat, as they are stored and shown. */
export type Said = readonly Pick<LongrunUIMessage, "role" | "parts" | "metadata">[];

const ADDRESS = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence, or closes a bracket around an address, and is hardly ever part of it. */
const TAIL = /[.,;:!?)\]}*_]/;

/** Step by step from the end: a pattern ending in `+$` would take the square of a long address. */
function withoutTail(address: string): string {
  let to = address.length;
  while (to > 0 && TAIL.test(address[to - 1] ?? "")) to--;
  return address.slice(0, to);
}

function normal(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  url.hash = "";
  return url.href;
}

/**
 * All addresses that the person has written in this chat, as they may have meant them. Told from the chat's own
 * messages, never from what a model is given: there a summary, which repeats what a page said, stands on their side. What an
 * imported file says was perhaps written by whoever made the file.
 */
export function addressesOfPerson(messages: Said): string[] {
  const texts = messages.flatMap(({ role, parts, metadata }) =>
    role === "user" && !metadata?.imported
      ? parts.flatMap((part) => (part.type === "text" ? [part.text] : []))
      : [],
  );
  const written = texts.flatMap((text) => text.match(ADDRESS) ?? []);
  const meant = written.flatMap((one) => [normal(one), normal(withoutTail(one))]);
  return [...new Set(meant.filter((one) => one !== null))];
}

/** Whether an address is one of these, which `addressesOfPerson` gave. */
export function isAmong(address: string, addresses: readonly string[]): boolean {
  const wanted = normal(address);
  return wanted !== null && addresses.includes(wanted);
}

/**
 * Whether the person has written this very address in this chat. An address that the model made up may carry what
 * it has read to whoever owns it, so only the person's own ones are read without asking.
 */
export function isWrittenByPerson(address: string, messages: Said): boolean {
  return isAmong(address, addressesOfPerson(messages));
}
