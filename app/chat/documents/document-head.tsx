import { ArrowLeft, Check, ChevronLeft, ChevronRight, Copy, Download, X } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";
import type { DocumentCall } from "#app/chat/documents/document-call.ts";
import type { DocumentTarget, DocumentView } from "#app/chat/documents/document-target.ts";
import { onPlainClick } from "#app/chat/documents/plain-click.ts";
import { documentFileUrl, kindName, newestOf, type DocumentPage } from "#app/shared/documents.ts";
import { IconButton } from "#app/ui/button.tsx";
import { useCopy } from "#app/ui/use-copy.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

export type Links = {
  /** The address that opens this; null closes. */
  href: (target: DocumentTarget | null) => string;
  go: (target: DocumentTarget | null) => void;
};

type Props = Links & {
  chatId: string;
  title: string;
  target: DocumentTarget;
  call: DocumentCall | null;
  page: DocumentPage | null;
};

/** What the document is, its versions, the ways to look at it, and what can be done with it. */
export function DocumentHead({ chatId, title, target, call, page, href, go }: Props) {
  const kind = page?.kind ?? call?.kind ?? null;
  const language = page?.language ?? call?.language ?? null;
  return (
    <header className="document-head">
      <div className="document-line">
        <Step to={null} label="Back to the chat" className="document-back" {...{ href, go }}>
          <ArrowLeft size={20} aria-hidden />
        </Step>
        <h2 tabIndex={-1}>{title}</h2>
        {page && <Acts chatId={chatId} page={page} />}
        <Step to={null} label="Close the document" className="document-close" {...{ href, go }}>
          <X size={18} aria-hidden />
        </Step>
      </div>
      <div className="document-line">
        <p className="note">
          {kind && kindName(kind, language)}
          {page && <Made page={page} />}
          <output>
            {call?.state === "writing" && (call.writes === "whole" ? " · Writing" : " · Being changed")}
          </output>
        </p>
        {page && <Versions page={page} view={target.view} href={href} go={go} />}
      </div>
      {page && <Views page={page} target={target} href={href} go={go} />}
    </header>
  );
}

function Made({ page }: { page: DocumentPage }) {
  const version = page.versions.find(({ number }) => number === page.shown.number);
  return version ? ` · ${version.author === "person" ? "by you" : "by the model"}` : null;
}

type StepProps = Links & {
  to: DocumentTarget | null;
  label: string;
  off?: boolean;
  className?: string;
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
};

function Step({ to, label, off = false, className = "", onKeyDown, href, go, children }: StepProps) {
  if (off) {
    return (
      <span className={`icon-button off ${className}`} aria-hidden>
        {children}
      </span>
    );
  }
  return (
    <a
      className={`icon-button ${className}`}
      href={href(to)}
      aria-label={label}
      title={label}
      onClick={onPlainClick(() => go(to))}
      onKeyDown={onKeyDown}
    >
      {children}
    </a>
  );
}

function Acts({ chatId, page }: { chatId: string; page: DocumentPage }) {
  const { copied, copy } = useCopy(() => page.shown.text);
  const hydrated = useHydrated();
  return (
    <>
      {hydrated && (
        <IconButton label={copied ? "Copied" : "Copy the document"} onClick={copy}>
          {copied ? <Check size={17} aria-hidden /> : <Copy size={17} aria-hidden />}
        </IconButton>
      )}
      <a
        className="icon-button"
        href={documentFileUrl(chatId, page.id, "file", page.shown.number)}
        download
        aria-label="Download the document"
        title="Download the document"
      >
        <Download size={17} aria-hidden />
      </a>
    </>
  );
}

type PageProps = Links & { page: DocumentPage };

/** One version back or on; the arrow keys do it from either. */
function Versions({ page, view, href, go }: PageProps & { view: DocumentView }) {
  const [number, newest] = [page.shown.number, newestOf(page)];
  if (newest === 1) return null;
  const to = (version: number): DocumentTarget => ({
    documentId: page.id,
    version: version === newest ? null : version,
    view: view === "edit" ? "preview" : view,
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = number + (event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0);
    if (next === number || next < 1 || next > newest) return;
    event.preventDefault();
    go(to(next));
  };
  const step = { href, go, onKeyDown };
  return (
    <nav className="versions" aria-label="Versions">
      <Step to={to(number - 1)} label="Older version" off={number <= 1} {...step}>
        <ChevronLeft size={17} aria-hidden />
      </Step>
      <output className="note">
        Version {number} of {newest}
      </output>
      <Step to={to(number + 1)} label="Newer version" off={number >= newest} {...step}>
        <ChevronRight size={17} aria-hidden />
      </Step>
    </nav>
  );
}

const VIEW_NAMES: Record<DocumentView, string> = {
  preview: "Preview",
  source: "Source",
  changes: "Changes",
  edit: "Edit",
};

function Views({ page, target, href, go }: PageProps & { target: DocumentTarget }) {
  const { number } = page.shown;
  const views = (["preview", "source", "changes", "edit"] as const).filter(
    (view) => (view !== "source" || page.kind !== "code") && (view !== "changes" || number > 1),
  );
  const version = number === newestOf(page) ? null : number;
  return (
    <nav className="document-views" aria-label="Ways to look at the document">
      {views.map((view) => {
        const to: DocumentTarget = { documentId: page.id, version, view };
        return (
          <a
            key={view}
            href={href(to)}
            aria-current={view === target.view ? "true" : undefined}
            onClick={onPlainClick(() => go(to))}
          >
            {view === "preview" && page.kind === "code" ? "Code" : VIEW_NAMES[view]}
          </a>
        );
      })}
    </nav>
  );
}
