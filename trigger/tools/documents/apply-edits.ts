export type Edit = { find: string; replace: string };

/** The text with all edits made, one after the other; otherwise why none was: each must be found exactly once. */
export function applyEdits(text: string, edits: readonly Edit[]): { text: string } | { refused: string } {
  let edited = text;
  for (const [index, { find, replace }] of edits.entries()) {
    const at = edited.indexOf(find);
    if (at === -1) {
      return {
        refused: `Nothing was changed: the text to find of edit ${index + 1} is not in the newest version. Read that with readDocument.`,
      };
    }
    if (edited.includes(find, at + 1)) {
      return {
        refused: `Nothing was changed: the text to find of edit ${index + 1} occurs more than once. Give more of what stands around it.`,
      };
    }
    edited = edited.slice(0, at) + replace + edited.slice(at + find.length);
  }
  return { text: edited };
}
