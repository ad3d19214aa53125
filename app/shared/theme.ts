export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

const COOKIE = "longrun_theme";
const YEAR = 365 * 24 * 60 * 60;

/** The theme in a Cookie header or `document.cookie`; "system" when there is none. */
export function readTheme(cookies: string | null): Theme {
  const value = cookies?.match(/(?:^|;\s*)longrun_theme=(\w+)/)?.[1];
  return THEMES.find((theme) => theme === value) ?? "system";
}

/** What to assign to `document.cookie` to keep the choice. */
export function themeCookie(theme: Theme): string {
  return `${COOKIE}=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax`;
}
