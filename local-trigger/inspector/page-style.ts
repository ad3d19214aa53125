/** The whole style of the pages; they carry it themselves, under its hash. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#ffffff, #171716);
  --soft: light-dark(#f7f6f4, #1f1f1d);
  --line: light-dark(#e4e2dd, #353431);
  --strong: light-dark(#85827b, #7d7a73);
  --text: light-dark(#1f1e1b, #ecebe6);
  --muted: light-dark(#65625b, #a8a59c);
  --accent: light-dark(#0b6b61, #62c6b6);
  --on-accent: light-dark(#ffffff, #0e2723);
  --bad: light-dark(#a8281c, #f2998c);
  --warn: light-dark(#8a5300, #f0bb86);
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
  color: var(--text); background: var(--page); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 72rem; padding: 0 1.25rem 4rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.25rem; padding: 0.75rem 0;
  border-bottom: 1px solid var(--line); }
header strong { font-weight: 600; }
header nav { display: flex; gap: 0.25rem; flex: 1; }
header nav a { padding: 0.5rem 0.625rem; text-decoration: none; color: var(--muted); border-radius: 8px; }
header nav a[aria-current] { color: var(--text); background: var(--soft); font-weight: 600; }
#live { color: var(--muted); font-size: 0.8125rem; }
h1 { font-size: 1.375rem; letter-spacing: -0.01em; margin: 1.5rem 0 0.25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 0.5rem; }
p { margin: 0.25rem 0; max-width: 46rem; }
.quiet { color: var(--muted); }
.why { font-size: 1.0625rem; }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
code, .id, pre, .num { font-family: var(--mono); font-size: 0.8125rem; }
.id { overflow-wrap: anywhere; }
.num { white-space: nowrap; }
.rows { border-top: 1px solid var(--line); margin: 0.5rem 0; padding: 0; list-style: none; }
.rows > li { display: grid; gap: 0.125rem 1.25rem; align-items: baseline; padding: 0.5625rem 0;
  border-bottom: 1px solid var(--line); min-width: 0; }
.rows > li > * { min-width: 0; }
.two > li { grid-template-columns: minmax(0, 20rem) minmax(0, 1fr) auto; }
.records > li { grid-template-columns: 4.5rem 6.5rem minmax(0, 1fr) auto; }
.records > li > pre { grid-column: 1 / -1; }
.steps > li { grid-template-columns: 6.5rem 5rem minmax(0, 1fr) auto; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.75rem 1.5rem; margin: 1rem 0; }
.facts dt { color: var(--muted); font-size: 0.8125rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.end { text-align: right; color: var(--muted); white-space: nowrap; font-size: 0.875rem; }
.state { font-weight: 600; }
pre { margin: 0.5rem 0; padding: 0.75rem; background: var(--soft); border-radius: 8px; overflow: auto;
  max-height: 26rem; white-space: pre-wrap; overflow-wrap: anywhere; }
form.filter { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.75rem 0; align-items: end; }
label { display: grid; gap: 0.125rem; font-size: 0.8125rem; color: var(--muted); }
input, select, button { font: inherit; color: var(--text); background: var(--page);
  border: 1px solid var(--strong); border-radius: 8px; padding: 0.4375rem 0.75rem; min-height: 2.5rem; }
input { width: 22rem; max-width: 100%; }
button { cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
button.plain { border-color: transparent; color: var(--muted); background: none; padding-inline: 0.25rem; }
nav.pages { display: flex; gap: 1rem; margin: 1rem 0; }
nav.pages a { padding: 0.375rem 0; }
summary { cursor: pointer; padding: 0.375rem 0; color: var(--accent); }
.sign-in { max-width: 26rem; margin: 12vh auto 0; }
.sign-in input { width: 100%; }
.sign-in form { display: grid; gap: 0.75rem; margin-top: 1.25rem; }
@media (max-width: 640px) {
  body { padding: 0 1rem 3rem; }
  header { gap: 0 0.75rem; }
  header strong { flex: 1; }
  header nav { order: 1; flex: 1 0 100%; margin-left: -0.625rem; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.625rem 1rem; }
  .two > li { grid-template-columns: minmax(0, 1fr) auto; }
  .two > li > :nth-child(2) { grid-column: 1 / -1; grid-row: 2; }
  .records > li { grid-template-columns: 3.5rem minmax(0, 1fr) auto; }
  .records > li > :nth-child(2) { display: none; }
  .steps > li { grid-template-columns: 6rem minmax(0, 1fr) auto; }
  .steps > li > :nth-child(2) { display: none; }
  form.filter label, form.filter input, form.filter select { width: 100%; }
}
`;
