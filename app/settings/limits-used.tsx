import { Section } from "#app/settings/section.tsx";

type Limit = { name: string; text: string; share: number };

/** What is used of each limit; nothing where there is none. */
export function LimitsUsed({ limits }: { limits: Limit[] }) {
  if (limits.length === 0) return null;
  return (
    <Section
      id="limits"
      title="Limits"
      text="What you may use here. Whatever is older than its time no longer counts."
    >
      <dl className="limits">
        {limits.map(({ name, text, share }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span>{text}</span>
              <meter aria-label={name} min={0} max={1} high={0.8} optimum={0} value={share} />
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
