export type Source = { number: number; url: string; title: string };

const IMAGE = /!\[([^[\]]*)\]\([^)]*\)/g;
const LINK = /\[([^[\]]*)\]\([^)]*\)/g;
const REFERENCE = /^\[[^[\]]+\]:.*$/gm;
const BARE = /<?\bhttps?:\/\/[^\s<>")\]]+>?/gi;
const CITATION = /\[(\d+(?:\s*,\s*\d+)*)\]/g;

/**
 * The report with `[1]` as a link to that source. A link or an address that the model wrote itself goes, its words
 * stay; so does a number that no source has: what is cited was read.
 */
export function withCitations(report: string, sources: readonly Source[]): string {
  const byNumber = new Map(sources.map((source) => [source.number, source]));
  const plain = report
    .replace(IMAGE, "$1")
    .replace(LINK, (_, label: string) => (/^\d+$/.test(label) ? `[${label}]` : label))
    .replace(REFERENCE, "")
    .replace(BARE, "");
  const cited = plain.replace(CITATION, (_, numbers: string) =>
    numbers
      .split(",")
      .flatMap((number) => byNumber.get(Number(number)) ?? [])
      .map(({ number, url }) => `[\\[${number}\\]](${encodeForMarkdown(url)})`)
      .join(" "),
  );
  return cited.replace(/\n{3,}/g, "\n\n").trim();
}

const encodeForMarkdown = (url: string): string => url.replaceAll("(", "%28").replaceAll(")", "%29");
