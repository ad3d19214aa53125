type Props = {
  providers: { id: string; name: string }[];
  redirectTo: string;
  invite?: string;
};

/** The other ways in. Plain links: what follows is not a page of this application. */
export function ProviderLinks({ providers, redirectTo, invite }: Props) {
  if (providers.length === 0) return null;
  const query = new URLSearchParams({ redirectTo, ...(invite ? { invite } : {}) });
  return (
    <div className="provider-links">
      <p>or</p>
      {providers.map(({ id, name }) => (
        <a key={id} className="button" href={`/auth/${id}?${query}`}>
          Continue with {name}
        </a>
      ))}
    </div>
  );
}
