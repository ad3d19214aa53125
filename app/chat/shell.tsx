import { useLocation } from "@remix-run/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { SheetProvider } from "#app/chat/sheet.ts";
import { Sidebar, type SidebarProps } from "#app/chat/sidebar.tsx";

/** The sidebar and what stands beside it. */
export function Shell({ children, ...list }: SidebarProps & { children: ReactNode }) {
  const stage = useRef<HTMLDivElement>(null);
  const { key } = useLocation();
  // The sheet belongs to the place where it was opened: going elsewhere closes it.
  const [openAt, setOpenAt] = useState<string | null>(null);
  const open = openAt === key;
  const close = () => setOpenAt(null);
  useEffect(() => {
    // Behind an open sheet nothing may take the focus.
    stage.current?.toggleAttribute("inert", open);
    if (!open) return;
    document.querySelector<HTMLElement>("#chats a")?.focus();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setOpenAt(null);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open]);
  return (
    <SheetProvider value={() => setOpenAt(key)}>
      <div className="shell" data-sheet={open ? "open" : undefined}>
        <Sidebar {...list} />
        <button
          type="button"
          className="sheet-backdrop"
          aria-label="Close the list of chats"
          tabIndex={-1}
          onClick={close}
        />
        <div className="stage" ref={stage}>
          {children}
        </div>
      </div>
    </SheetProvider>
  );
}
