import { Link } from "@remix-run/react";
import { Menu, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
import { useOpenSheet } from "#app/chat/sheet.ts";
import { IconButton } from "#app/ui/button.tsx";

/** The bar over a conversation: the state of its run, and on narrow screens the ways to the other chats. */
export function ChatHeader({ children }: { children?: ReactNode }) {
  const openSheet = useOpenSheet();
  return (
    <header className="chat-header">
      <IconButton label="Open the list of chats" className="narrow-only show-list" onClick={openSheet}>
        <Menu size={20} aria-hidden />
      </IconButton>
      <div className="chat-state">{children}</div>
      <Link to="/chats" className="icon-button narrow-only" aria-label="New chat">
        <SquarePen size={18} aria-hidden />
      </Link>
    </header>
  );
}
