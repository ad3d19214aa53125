import { Form, Link } from "@remix-run/react";
import { ChevronUp } from "lucide-react";
import type { Theme } from "#app/shared/theme.ts";
import { Button } from "#app/ui/button.tsx";
import { dropAllDrafts } from "#app/chat/drafts.ts";
import { ThemeSwitch } from "#app/chat/theme-switch.tsx";
import { useCloseDetails } from "#app/ui/use-close-details.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

export type AccountOwner = { name: string; email: string; role: "member" | "admin" };

type Props = { user: AccountOwner; theme: Theme; onShortcuts: () => void };

/** Who is signed in, the theme, and the way out. Opens without scripts too. */
export function AccountMenu({ user, theme, onShortcuts }: Props) {
  const { ref, fold } = useCloseDetails();
  const hydrated = useHydrated();
  const openShortcuts = () => {
    // Folded first: the dialog gives the focus back to where it came from.
    fold();
    onShortcuts();
  };
  return (
    <details className="account" ref={ref}>
      <summary>
        <span className="avatar" aria-hidden>
          {user.name.slice(0, 1).toUpperCase()}
        </span>
        <span className="account-name">{user.name}</span>
        <ChevronUp size={16} aria-hidden />
      </summary>
      <div className="account-menu">
        <p className="account-email">{user.email}</p>
        <ThemeSwitch initial={theme} />
        {hydrated && (
          <Button className="fine-only" onClick={openShortcuts}>
            Keyboard shortcuts
          </Button>
        )}
        <Link to="/settings" className="button">
          Settings
        </Link>
        {user.role === "admin" && (
          <Link to="/admin" className="button">
            Accounts
          </Link>
        )}
        <Form method="post" action="/logout" onSubmit={dropAllDrafts}>
          <Button type="submit">Sign out</Button>
        </Form>
      </div>
    </details>
  );
}
