import { useLocation, useNavigate } from "@remix-run/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { ShortcutList } from "#app/chat/shortcut-list.tsx";
import { useShortcut } from "#app/chat/shortcuts.ts";
import { SheetProvider } from "#app/chat/sheet.ts";
import { Sidebar, type SidebarProps } from "#app/chat/sidebar.tsx";
import { sidebarCookie } from "#app/shared/sidebar-state.ts";
import { useEscape } from "#app/ui/use-escape.ts";

type Props = Omit<SidebarProps, "onHide" | "onShortcuts"> & { hidden: boolean; children: ReactNode };

/** Where the list of chats is a sheet. */
const NARROW = "(max-width: 48rem)";

/** The sidebar and what stands beside it. */
export function Shell({ children, hidden: hiddenAtFirst, ...list }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const { open, setOpen } = useSheet(stage);
  const { hidden, hide } = useHidden(hiddenAtFirst);
  const [listed, setListed] = useState(false);
  const navigate = useNavigate();
  const show = () => (matchMedia(NARROW).matches ? setOpen(true) : hide(false));
  useShortcut("sidebar", () => (matchMedia(NARROW).matches ? setOpen(!open) : hide(!hidden)));
  useShortcut("list", () => setListed(true));
  useShortcut("new-chat", () => {
    navigate("/chats");
    document.getElementById("message")?.focus();
  });
  return (
    <SheetProvider value={show}>
      <div
        className="shell"
        data-sheet={open ? "open" : undefined}
        data-sidebar={hidden ? "hidden" : undefined}
      >
        <Sidebar {...list} onHide={() => hide(true)} onShortcuts={() => setListed(true)} />
        <button
          type="button"
          className="sheet-backdrop"
          aria-label="Close the list of chats"
          tabIndex={-1}
          onClick={() => setOpen(false)}
        />
        <div className="stage" ref={stage}>
          {children}
        </div>
        <ShortcutList open={listed} onClose={() => setListed(false)} />
      </div>
    </SheetProvider>
  );
}

/** The sheet belongs to the place where it was opened: going elsewhere closes it. */
function useSheet(stage: React.RefObject<HTMLDivElement>) {
  const { key } = useLocation();
  const [openAt, setOpenAt] = useState<string | null>(null);
  const open = openAt === key;
  useEffect(() => {
    // Behind an open sheet nothing may take the focus.
    stage.current?.toggleAttribute("inert", open);
    if (open) document.querySelector<HTMLElement>("#chats a")?.focus();
  }, [open, stage]);
  useEscape("opened", () => {
    if (open) setOpenAt(null);
    return open;
  });
  return { open, setOpen: (wanted: boolean) => setOpenAt(wanted ? key : null) };
}

/** Whether the list is hidden where there is room for it; a cookie lets the server render it right from then on. */
function useHidden(atFirst: boolean) {
  const [hidden, setHidden] = useState(atFirst);
  const changed = useRef(false);
  useEffect(() => {
    // The button that was pressed is gone, and the focus with it.
    if (!changed.current || document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>(hidden ? ".show-list" : ".hide-list")?.focus();
  }, [hidden]);
  const hide = (wanted: boolean) => {
    if (wanted === hidden) return;
    changed.current = true;
    setHidden(wanted);
    document.cookie = sidebarCookie(wanted);
  };
  return { hidden, hide };
}
