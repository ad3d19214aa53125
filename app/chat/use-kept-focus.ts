import { useEffect } from "react";

/** Where the focus was, and how to find the place again when what held it is gone. */
type Place = {
  element: HTMLElement;
  /** The ids of its message and of the one before that; null: none. */
  message: string | null;
  before: string | null;
  /** The number of its part in the message; -1: it stands in none. */
  part: number;
  /** The name of an arrow between versions. */
  arrow: string | null;
  /** It led to older messages. */
  earlier: boolean;
};

const WATCHED = "main.chat :is(.conversation, .composer-area)";
/** What waits for a request cannot be pressed meanwhile, and mostly is gone or replaced a moment later. */
const PATIENCE_MS = 500;

/**
 * Who presses a button that goes with what it did does not fall out of the page: the focus goes to the same arrow of
 * the version that is shown now, else to the card or message that the button belonged to, and where that is gone too to
 * the message box. A button that can be pressed again has it back.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    const page = document.querySelector("main.chat");
    if (!page) return;
    let place: Place | null = null;
    let put: HTMLElement | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const noteFocus = ({ target }: FocusEvent) => {
      if (target === put || !(target instanceof HTMLElement)) return;
      put = null;
      place = target.closest(WATCHED) ? placeOf(target) : null;
    };
    // Who points at something else has left it.
    const notePointer = ({ target }: Event) => {
      if (target instanceof Node && !place?.element.contains(target)) place = null;
    };
    const move = () => {
      const next = place && isLost(put) ? nextTo(place) : null;
      if (!place || !next || next === document.activeElement) return;
      put = next;
      next.focus({ preventScroll: next.matches("article") });
      // An arrow goes before its message does: the message stands in until the other version has come.
      const standsIn = place.arrow !== null && next.closest(".versions") === null;
      if (!place.element.isConnected && !standsIn) place = placeOf(next);
    };
    const keep = () => {
      clearTimeout(timer);
      if (place && isWaiting(place.element)) timer = setTimeout(move, PATIENCE_MS);
      else move();
    };
    const observer = new MutationObserver(keep);
    observer.observe(page, { subtree: true, childList: true, attributeFilter: ["disabled"] });
    document.addEventListener("focusin", noteFocus);
    document.addEventListener("pointerdown", notePointer);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener("focusin", noteFocus);
      document.removeEventListener("pointerdown", notePointer);
    };
  }, []);
}

/** Nothing has the focus, or only what was given it in place of something else. */
function isLost(put: HTMLElement | null): boolean {
  const { activeElement, body } = document;
  return (
    activeElement === null || activeElement === body || activeElement === put || isWaiting(activeElement)
  );
}

const isWaiting = (element: Element): boolean => element.isConnected && element.matches(":disabled");

const messages = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("article.message")];
const partsOf = (message: Element): Element[] => [...message.querySelectorAll("[data-part]")];

function placeOf(element: HTMLElement): Place {
  const message = element.closest<HTMLElement>("article.message");
  const part = element.closest("[data-part]");
  const all = messages();
  return {
    element,
    message: message?.id ?? null,
    before: message ? (all[all.indexOf(message) - 1]?.id ?? null) : null,
    part: message && part ? partsOf(message).indexOf(part) : -1,
    arrow: element.closest(".versions") && element.getAttribute("aria-label"),
    earlier: element.closest(".earlier") !== null,
  };
}

/** Where the focus belongs now; null while that is not there yet. */
function nextTo({ element, message, before, part, arrow, earlier }: Place): HTMLElement | null {
  if (element.isConnected && !isWaiting(element)) return element;
  if (earlier) return scroller();
  const same = message === null ? null : document.getElementById(message);
  if (same) return partsOf(same)[part]?.querySelector<HTMLElement>(":scope > summary") ?? reachable(same);
  const all = messages();
  const instead = all[all.findIndex(({ id }) => id === before) + 1];
  if (arrow === null) return messageBox();
  // The other version comes a moment after the one before it has gone; then its arrows, once the page is read anew.
  if (!instead) return null;
  const arrows = [...instead.querySelectorAll<HTMLElement>(".versions button:not(:disabled)")];
  return arrows.find((one) => one.getAttribute("aria-label") === arrow) ?? arrows[0] ?? null;
}

function reachable(message: HTMLElement): HTMLElement {
  message.tabIndex = -1;
  message.dataset["kept"] = "";
  return message;
}

const scroller = () => document.querySelector<HTMLElement>("main.chat .scroll");

/** On a touch screen the keyboard would cover what one came to read. */
const messageBox = (): HTMLElement | null =>
  (matchMedia("(pointer: fine)").matches
    ? document.querySelector<HTMLElement>("#message:not(:disabled)")
    : null) ?? scroller();
