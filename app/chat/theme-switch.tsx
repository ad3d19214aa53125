import { useLocation } from "@remix-run/react";
import { useState } from "react";
import { THEMES, themeCookie, type Theme } from "#app/shared/theme.ts";
import { Button } from "#app/ui/button.tsx";

const names: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

/** What the page is painted in, which may have been chosen since the server rendered it. */
function shownTheme(): Theme | undefined {
  if (typeof document === "undefined") return undefined;
  return THEMES.find((name) => name === document.documentElement.dataset.theme);
}

/** Three choices; the page changes at once, and a cookie lets the server render it right from then on. */
export function ThemeSwitch({ initial }: { initial: Theme }) {
  const { pathname, search } = useLocation();
  const [theme, setTheme] = useState(() => shownTheme() ?? initial);
  const choose = (chosen: Theme) => {
    setTheme(chosen);
    document.cookie = themeCookie(chosen);
    document.documentElement.dataset.theme = chosen;
  };
  return (
    <form method="post" action="/settings" onSubmit={(event) => event.preventDefault()}>
      <input type="hidden" name="intent" value="theme" />
      <input type="hidden" name="redirectTo" value={pathname + search} />
      <fieldset className="theme-switch">
        <legend>Theme</legend>
        {THEMES.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name="theme"
              value={value}
              checked={theme === value}
              onChange={() => choose(value)}
            />
            <span>{names[value]}</span>
          </label>
        ))}
      </fieldset>
      <noscript>
        <Button type="submit">Use this theme</Button>
      </noscript>
    </form>
  );
}
