import type { InputHTMLAttributes } from "react";
import { ErrorLine } from "#app/ui/error-panel.tsx";

type Props = InputHTMLAttributes<HTMLInputElement> & {
  name: string;
  label: string;
  hint?: string;
  error?: string | undefined;
};

/** A labelled input with its hint and its error. */
export function Field({ name, label, hint, error, ...rest }: Props) {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      <input
        id={name}
        name={name}
        aria-invalid={error ? true : undefined}
        aria-describedby={described || undefined}
        {...rest}
      />
      {hint && !error && (
        <p className="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {error && <ErrorLine id={`${name}-error`}>{error}</ErrorLine>}
    </div>
  );
}
