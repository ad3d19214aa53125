import { Field } from "#app/ui/field.tsx";

type Props = {
  name: string;
  /** Where a page has several of the same name. */
  id?: string;
  label: string;
  error?: string | undefined;
  /** By what one signs in where there is no password: its id and name. */
  proof: Proof;
};

/** How the settings make sure that the account's owner asks: by a password, or by a fresh sign-in. */
export type Proof = { hasPassword: boolean; fresh: boolean; by: { id: string; name: string } | null };

/** Asks for the password; where there is none, and the sign-in is old, for another sign-in. */
export function OwnPassword({ name, id, label, error, proof }: Props) {
  if (proof.hasPassword) {
    return (
      <Field
        {...(id ? { id } : {})}
        name={name}
        label={label}
        type="password"
        autoComplete="current-password"
        required
        error={error}
      />
    );
  }
  if (proof.fresh || !proof.by) return null;
  const { id: provider, name: by } = proof.by;
  return (
    <p className="hint">
      First <a href={`/auth/${provider}?again=1&redirectTo=/settings`}>sign in again with {by}</a>, to show
      that it is you.
    </p>
  );
}
