/**
 * The whole script of the pages: while the server tells of changes, it fetches this same address and puts the parts
 * marked `data-live` in the place of the old ones. Without it the pages are as good as their last load.
 */
export const pageScript = `
"use strict";
(() => {
  const line = document.getElementById("live");
  const source = document.body.dataset.source;
  const words = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1000);
    if (s < 1) return "now";
    const amount = s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min"
      : s < 86400 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " d";
    return ms > 0 ? "in " + amount : amount + " ago";
  };
  setInterval(() => {
    for (const el of document.querySelectorAll("[data-ago]")) {
      const text = words(Date.parse(el.dateTime) - Date.now());
      if (el.textContent !== text) el.textContent = text;
    }
  }, 1000);
  if (!source) return;
  let busy = false;
  let again = false;
  const swap = (old, fresh) => {
    const open = [...old.querySelectorAll("details[open]")].map((el) => el.id);
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const back = held && (held.id ? "#" + CSS.escape(held.id)
      : held.getAttribute("href") ? 'a[href="' + CSS.escape(held.getAttribute("href")) + '"]' : null);
    for (const id of open) fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    const scrolled = [...old.querySelectorAll("pre[id]")].map((el) => [el.id, el.scrollTop]);
    old.replaceWith(fresh);
    for (const [id, top] of scrolled) document.getElementById(id)?.scrollTo(0, top);
    if (back) fresh.querySelector(back)?.focus({ preventScroll: true });
  };
  const load = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.status === 401) return location.reload();
      if (answer.ok && !String(getSelection())) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of document.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(old.id);
          if (fresh) swap(old, document.adoptNode(fresh));
        }
      }
    } catch { /* The server is away; the event source says so and comes back by itself. */ }
    setTimeout(() => {
      busy = false;
      if (again) { again = false; void load(); }
    }, 250);
  };
  const events = new EventSource(source);
  // Also at the first opening: what changed since this page was made was told to nobody.
  events.addEventListener("open", () => {
    line.textContent = "live";
    void load();
  });
  events.addEventListener("changed", () => void load());
  events.addEventListener("error", () => {
    line.textContent = "reconnecting";
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
})();
`;
