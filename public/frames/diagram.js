// Draws a diagram in a document that has no origin and may reach no host. Speaks with the page that frames it.
import mermaid from "./mermaid/mermaid.esm.min.mjs";

let count = 0;
const tell = (answer) => parent.postMessage(answer, "*");

function configure({ dark, colours }) {
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    suppressErrorRendering: true,
    theme: "base",
    fontFamily: "system-ui, sans-serif",
    // A diagram may choose neither its own rules of style nor what it may do.
    secure: [
      "secure",
      "securityLevel",
      "startOnLoad",
      "maxTextSize",
      "maxEdges",
      "themeCSS",
      "suppressErrorRendering",
    ],
    themeVariables: {
      darkMode: dark,
      background: colours.page,
      fontSize: "14px",
      primaryColor: colours.soft,
      primaryTextColor: colours.text,
      primaryBorderColor: colours["line-strong"],
      secondaryColor: colours.softer,
      tertiaryColor: colours.softer,
      lineColor: colours.muted,
      textColor: colours.text,
      mainBkg: colours.soft,
      nodeBorder: colours["line-strong"],
      clusterBkg: colours.softer,
      clusterBorder: colours["line-strong"],
      edgeLabelBackground: colours.page,
      noteBkgColor: colours.softer,
      noteTextColor: colours.text,
      noteBorderColor: colours["line-strong"],
    },
  });
}

/** A wide diagram shrinks as long as it can be read, then it scrolls. */
const SMALLEST = 0.7;

function fit(svg) {
  document.body.style.cssText = "padding: 14px; overflow-x: auto; overflow-y: hidden";
  svg.style.minWidth = `${Math.round(svg.viewBox.baseVal.width * SMALLEST)}px`;
}

const measure = () => tell({ height: document.documentElement.getBoundingClientRect().height });

async function draw(asked) {
  configure(asked);
  try {
    const { svg } = await mermaid.render(`diagram-${++count}`, asked.source);
    document.body.innerHTML = svg;
    fit(document.body.firstElementChild);
    measure();
  } catch (error) {
    tell({ problem: String(error?.message ?? error) });
  }
}

addEventListener("message", ({ source, data }) => {
  if (source === parent) void draw(data);
});
new ResizeObserver(() => document.body.firstElementChild && measure()).observe(document.body);
tell("ready");
