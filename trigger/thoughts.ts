/** What a model says, without what it thinks aloud before it: some write that into the text, between `<think>` tags. */
export const withoutThoughts = (text: string): string =>
  text.replace(/<think>[^]*?(<\/think>|$)/g, "").trim();
