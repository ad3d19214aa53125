/** The beginning of a branch in fewer words, which the model is given in its place. */
export type Summary = {
  /** The last message that it stands for. */
  throughId: string;
  text: string;
  /** It stands for so many messages. */
  messages: number;
};
