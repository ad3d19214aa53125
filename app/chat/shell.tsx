import { useLocation } from "@remix-run/react";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { Sidebar, type SidebarProps } from "#app/chat/sidebar.tsx";

const SheetContext = createContext<() => void>(() => undefined);

/** Opens the list of chats where it is a sheet, on narrow screens. */
export const useOpenSheet = (): (() => void) => useContext(SheetContext);

/** The sidebar and what stands beside it. */
export function Shell({ children, ...list }: SidebarProps & { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const stage = useRef<HTMLDivElement>(null);
  const location = useLocation();
  useEffect(() => setOpen(false), [location.key]);
  useEffect(() => {
    // Behind an open sheet nothing may take the focus.
    stage.current?.toggleAttribute("inert", open);
    if (!open) return;
    document.querySelector<HTMLElement>("#chats a")?.focus();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open]);
  return (
    <SheetContext.Provider value={() => setOpen(true)}>
      <div className="shell" data-sheet={open ? "open" : undefined}>
        <Sidebar {...list} />
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
      </div>
    </SheetContext.Provider>
  );
}
