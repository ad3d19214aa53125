import type { ReactNode } from "react";

type Props = { id: string; title: string; text?: string; children: ReactNode };

/** One topic of the settings: what it is on the left, what can be done on the right. */
export function Section({ id, title, text, children }: Props) {
  return (
    <section className="settings-section" id={id} aria-labelledby={`${id}-title`}>
      <div className="settings-topic">
        <h2 id={`${id}-title`}>{title}</h2>
        {text && <p>{text}</p>}
      </div>
      <div className="settings-body">{children}</div>
    </section>
  );
}

/** Says that something was done. */
export function Done({ children }: { children: ReactNode }) {
  return <output className="settings-done">{children}</output>;
}
