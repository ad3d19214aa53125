import { useEffect, useRef } from "react";

export type Shortcut = "new-chat" | "sidebar" | "copy-answer" | "list";

/** With Ctrl, or Cmd on a Mac, and Shift: as the chats that most people know have them. Browsers leave them to pages. */
const LETTERS: Record<string, Shortcut> = { o: "new-chat", s: "sidebar", c: "copy-answer" };

type Shown = { does: string; keys: readonly string[] };

/** What the list says; `Mod` is Ctrl, or Cmd on a Mac. */
export const SHOWN: readonly Shown[] = [
  { does: "New chat", keys: ["Mod", "Shift", "O"] },
  { does: "Search your chats", keys: ["Mod", "K"] },
  { does: "Show or hide the list of chats", keys: ["Mod", "Shift", "S"] },
  { does: "Copy the last answer", keys: ["Mod", "Shift", "C"] },
  { does: "Send the message", keys: ["Enter"] },
  { does: "Break the line", keys: ["Shift", "Enter"] },
  { does: "Edit the last message, in an empty box", keys: ["↑"] },
  { does: "Close what is open; otherwise stop the answer", keys: ["Esc"] },
  { does: "These shortcuts", keys: ["Mod", "/"] },
];

/** Where a letter is text. */
export const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

/** The letter of the key; of a key that writes no Latin one, the letter that stands there on a Latin keyboard. */
function letterOf({ key, code }: KeyboardEvent): string {
  const letter = key.toLowerCase();
  return /^[a-z]$/.test(letter) ? letter : (/^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? "");
}

function shortcutOf(event: KeyboardEvent): Shortcut | null {
  const withControl = event.ctrlKey || event.metaKey;
  if (event.altKey || event.isComposing) return null;
  if (event.key === "?" && !withControl) return isWriting(event.target) ? null : "list";
  if (!withControl) return null;
  if (event.key === "/") return "list";
  return event.shiftKey ? (LETTERS[letterOf(event)] ?? null) : null;
}

/** Does it when its keys are pressed, unless a dialog asks for something first. */
export function useShortcut(shortcut: Shortcut, run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || shortcutOf(event) !== shortcut) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [shortcut]);
}
