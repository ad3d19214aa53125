/** Text that is markup already. Everything else that is put into a template is escaped. */
export class Html {
  constructor(readonly markup: string) {}
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

/** A template whose values are escaped; arrays are joined, nothing is shown for null, undefined and false. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  const pieces = strings.map((text, index) => text + (index < values.length ? markupOf(values[index]) : ""));
  return new Html(pieces.join(""));
}

function markupOf(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map(markupOf).join("");
  return String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
