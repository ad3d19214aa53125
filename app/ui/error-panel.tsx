import type { ReactNode } from "react";

/** Something went wrong here, in words that name the way out. */
export function ErrorPanel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="error-panel" role="alert">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** One line of the same, inside a form or a conversation. */
export function ErrorLine({ children, id }: { children: ReactNode; id?: string }) {
  return (
    <p className="error-line" role="alert" id={id}>
      {children}
    </p>
  );
}
