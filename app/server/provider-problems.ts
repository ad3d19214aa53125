/** Why nobody was signed in, or nothing was connected. Named in an address, so it is one of these words. */
export type ProviderProblem = keyof typeof SENTENCES;

const SENTENCES = {
  cancelled: (name: string) => `You were not signed in: ${name} was told no.`,
  down: (name: string) => `${name} does not answer. Try again in a moment, or sign in another way.`,
  refused: (name: string) => `What came back from ${name} could not be believed. Try again.`,
  stale: (name: string) => `This took too long, or was begun in another browser. Begin again with ${name}.`,
  unverified: (name: string) =>
    `${name} has no verified email address of yours. Verify one there, then try again.`,
  exists: (name: string) =>
    `There is an account with your address already. Sign in to it first, then connect ${name} in the settings.`,
  disabled: () => "This account is disabled. Ask whoever runs this server.",
  closed: (name: string) =>
    `No account is connected with your ${name} account, and no new accounts can be made here at the moment.`,
  invite: (name: string) =>
    `No account is connected with your ${name} account. A new one needs an invitation: ask whoever runs this server for a link.`,
  spent: () => "This invitation was used already, or is no longer valid. Ask for a new link.",
  throttled: () => "Too many attempts. Try again in a few minutes.",
  taken: (name: string) => `This ${name} account is connected with another account here already.`,
  another: (name: string) => `Another ${name} account is connected already. Disconnect that one first.`,
  signedOut: (name: string) => `You were signed out meanwhile. Sign in, then connect ${name} again.`,
};

/** What to tell of a problem that an address names; null for words that are none. */
export function problemSentence(problem: string | null, name: string): string | null {
  const known = problem !== null && Object.hasOwn(SENTENCES, problem);
  return known ? SENTENCES[problem as ProviderProblem](name) : null;
}

/** Thrown where a sign-in through a provider ends. */
export class ProviderError extends Error {
  constructor(
    readonly problem: ProviderProblem,
    options?: ErrorOptions,
  ) {
    super(problem, options);
  }
}
