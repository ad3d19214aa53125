import { Form, Link } from "@remix-run/react";
import { ChevronUp } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Theme } from "#app/shared/theme.ts";
import { Button } from "#app/ui/button.tsx";
import { dropAllDrafts } from "#app/chat/drafts.ts";
import { ThemeSwitch } from "#app/chat/theme-switch.tsx";

/** Who is signed in, the theme, and the way out. Opens without scripts too. */
export function AccountMenu({ user, theme }: { user: { name: string; email: string }; theme: Theme }) {
  const ref = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const closeOutside = (event: Event) => {
      if (ref.current?.open && !ref.current.contains(event.target as Node)) ref.current.open = false;
    };
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !ref.current?.open) return;
      ref.current.open = false;
      ref.current.querySelector("summary")?.focus();
    };
    addEventListener("pointerdown", closeOutside);
    addEventListener("keydown", closeOnEscape);
    return () => {
      removeEventListener("pointerdown", closeOutside);
      removeEventListener("keydown", closeOnEscape);
    };
  }, []);
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
        <Link to="/settings" className="button">
          Settings
        </Link>
        <Form method="post" action="/logout" onSubmit={dropAllDrafts}>
          <Button type="submit">Sign out</Button>
        </Form>
      </div>
    </details>
  );
}
