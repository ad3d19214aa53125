import { Form, Link, useParams } from "@remix-run/react";
import { PanelLeft, SquarePen } from "lucide-react";
import { AccountMenu, type AccountOwner } from "#app/chat/account-menu.tsx";
import { groupByAge, type ListedChat } from "#app/chat/group-by-age.ts";
import { SidebarSearch } from "#app/chat/sidebar-search.tsx";
import { useChatNews } from "#app/chat/use-chat-news.ts";
import { SidebarRow } from "#app/chat/sidebar-row.tsx";
import type { ListNews } from "#app/shared/chat-news.ts";
import type { Theme } from "#app/shared/theme.ts";
import { Button, IconButton } from "#app/ui/button.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

export type SidebarProps = {
  user: AccountOwner;
  chats: ListedChat[];
  /** What happens in them. */
  news: ListNews;
  /** How many to show when older ones are asked for; null when all are there. */
  older: number | null;
  theme: Theme;
  onHide: () => void;
  onShortcuts: () => void;
};

/** One's own chats, newest first, and the account. */
export function Sidebar({ user, chats, news: loaded, older, theme, onHide, onShortcuts }: SidebarProps) {
  const { chatId: openId } = useParams();
  const hydrated = useHydrated();
  const news = useChatNews(loaded, openId);
  return (
    <nav className="sidebar" aria-label="Chats" id="chats">
      <div className="sidebar-head">
        <Link to="/chats" className="wordmark">
          Longrun
        </Link>
        {hydrated && (
          <IconButton label="Hide the list of chats" className="hide-list" onClick={onHide}>
            <PanelLeft size={17} aria-hidden />
          </IconButton>
        )}
        <Link to="/chats" className="button plain new-chat">
          <SquarePen size={16} aria-hidden />
          New chat
        </Link>
      </div>
      <SidebarSearch>
        <div className="sidebar-list">
          {chats.length === 0 && <p className="sidebar-empty">Your chats will be listed here.</p>}
          {groupByAge(chats).map((group) => (
            <section key={group.name} aria-label={group.name}>
              <h2>{group.name}</h2>
              <ul>
                {group.chats.map((chat) => (
                  <SidebarRow
                    key={chat.id}
                    id={chat.id}
                    title={chat.title}
                    news={chat.id === openId ? undefined : news[chat.id]}
                  />
                ))}
              </ul>
            </section>
          ))}
          {older !== null && (
            <Form method="get" className="older">
              <Button type="submit" name="older" value={older}>
                Older chats
              </Button>
            </Form>
          )}
        </div>
      </SidebarSearch>
      <AccountMenu user={user} theme={theme} onShortcuts={onShortcuts} />
    </nav>
  );
}
