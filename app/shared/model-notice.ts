/** What the new-chat page says about who will answer. */
export type ModelNotice = {
  /** The built-in demo model answers. */
  demo: boolean;
  /** Three things worth trying with the model at hand. */
  suggestions: string[];
};
