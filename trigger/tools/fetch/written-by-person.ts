import type { ModelMessage } from "ai";

const ADDRESS = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence, or closes a bracket around an address, and is hardly ever part of it. */
const TAIL = /[.,;:!?)\]}*_]+$/;

function normal(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  url.hash = "";
  return url.href;
}

/**
 * Whether the person has written this very address in this chat. An address that the model made up may carry what
 * it has read to whoever owns it, so only the person's own ones are read without asking.
 */
export function isWrittenByPerson(address: string, messages: readonly ModelMessage[]): boolean {
  const wanted = normal(address);
  if (wanted === null) return false;
  const texts = messages.flatMap(({ role, content }) => {
    if (role !== "user") return [];
    return typeof content === "string"
      ? [content]
      : content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  });
  const written = texts.flatMap((text) => text.match(ADDRESS) ?? []);
  return written.some((one) => normal(one) === wanted || normal(one.replace(TAIL, "")) === wanted);
}
