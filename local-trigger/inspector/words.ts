import { html, type Html } from "./html.ts";

/** "340 ms", "4.2 s", "3 min 5 s", "2 h 10 min", "4 d 3 h". */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole} ms`;
  if (whole < 60_000) return `${(whole / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(whole / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/** "now", "4 s ago", "in 2 min": how far a moment lies from `now`. */
function distance(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  const seconds = Math.floor(Math.abs(ms) / 1_000);
  if (seconds < 1) return "now";
  const amount =
    seconds < 60
      ? `${seconds} s`
      : seconds < 3_600
        ? `${Math.floor(seconds / 60)} min`
        : seconds < 86_400
          ? `${Math.floor(seconds / 3_600)} h`
          : `${Math.floor(seconds / 86_400)} d`;
  return ms > 0 ? `in ${amount}` : `${amount} ago`;
}

/** 1200 → "1.2 KB". */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A moment as its distance, which the page's script keeps up to date; the exact time is its title. */
export function ago(at: Date | null): Html {
  if (!at) return html`<span class="quiet">–</span>`;
  const exact = at.toISOString();
  return html`<time datetime="${exact}" title="${exact}" data-ago>${distance(at, new Date())}</time>`;
}

/** The time of day, to the millisecond, as this server's clock shows it in UTC. */
export function clock(at: Date): Html {
  const exact = at.toISOString();
  return html`<time datetime="${exact}" title="${exact}">${exact.slice(11, 23)}</time>`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
