const YEAR = 365 * 24 * 60 * 60;

/** Whether the list of chats is hidden on wide screens, by a Cookie header. */
export function isSidebarHidden(cookies: string | null): boolean {
  return /(?:^|;\s*)longrun_sidebar=hidden/.test(cookies ?? "");
}

/** What to assign to `document.cookie` to keep the choice. */
export function sidebarCookie(hidden: boolean): string {
  return `longrun_sidebar=${hidden ? "hidden" : "shown"}; Path=/; Max-Age=${YEAR}; SameSite=Lax`;
}
