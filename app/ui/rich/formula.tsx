import { memo, useEffect, useRef, useSyncExternalStore } from "react";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Draw = (tex: string, display: boolean) => string | null;

let draw: Draw | null = null;
let loading: Promise<void> | null = null;
const waiting = new Set<() => void>();

/** What draws formulas is large, and comes when the first one does. */
function load(): Promise<void> {
  return (loading ??= import("#app/ui/rich/formula-markup.ts").then((module) => {
    draw = module.formulaMarkup;
    for (const tell of waiting) tell();
  }));
}

// The server has it from the beginning, so that its HTML holds the formulas.
if (import.meta.env.SSR) await load();

const subscribe = (listener: () => void): (() => void) => {
  waiting.add(listener);
  return () => waiting.delete(listener);
};
const current = (): Draw | null => draw;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const sourceMarkup = (tex: string): string =>
  `<code>${tex.replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign)}</code>`;

type Props = { tex: string; display: boolean };

/** A formula as MathML. Its source stands in its place while it cannot be drawn. */
export const Formula = memo(function Formula({ tex, display }: Props) {
  const ready = useSyncExternalStore(subscribe, current, current);
  const hydrated = useHydrated();
  // What the server drew stays as it is until the page can draw it itself: React leaves such HTML alone.
  const served = useRef(!hydrated && !ready);
  useEffect(() => {
    // A page that cannot load it keeps the source, and the next formula tries again.
    load().catch(() => (loading = null));
  }, []);
  const markup = ready ? (ready(tex, display) ?? sourceMarkup(tex)) : served.current ? "" : sourceMarkup(tex);
  return (
    <span
      className={display ? "formula display" : "formula"}
      suppressHydrationWarning
      dangerouslySetInnerHTML={{ __html: markup }}
    />
  );
});
