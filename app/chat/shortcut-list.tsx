import { SHOWN } from "#app/chat/shortcuts.ts";
import { Dialog } from "#app/ui/dialog.tsx";

const nameOf = (key: string): string =>
  key === "Mod" ? (/Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘" : "Ctrl") : key;

/** What can be done by keyboard alone. */
export function ShortcutList({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} title="Keyboard shortcuts" onClose={onClose} close="Close">
      <dl className="shortcuts">
        {open &&
          SHOWN.map(({ does, keys }) => (
            <div key={does}>
              <dt>{does}</dt>
              <dd>
                {keys.map((key) => (
                  <kbd key={key}>{nameOf(key)}</kbd>
                ))}
              </dd>
            </div>
          ))}
      </dl>
    </Dialog>
  );
}
