import { createContext, useContext, type ReactNode } from "react";
import type { ExtraProps } from "react-markdown";
import { CodeBlock } from "#app/ui/code-block.tsx";
import { Diagram } from "#app/ui/rich/diagram.tsx";
import { Formula } from "#app/ui/rich/formula.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Node = NonNullable<ExtraProps["node"]>;

const Unfinished = createContext(false);
/** Around a block that is still being written. */
export const UnfinishedBlock = Unfinished.Provider;

function classesOf(node: Node | undefined): string[] {
  const names = node?.properties.className;
  return Array.isArray(names) ? names.map(String) : [];
}

function textOf(node: Node | undefined): string {
  const texts = node?.children.map((child) => (child.type === "element" ? textOf(child) : textIn(child)));
  return texts?.join("") ?? "";
}

const textIn = (child: Node["children"][number]): string => (child.type === "text" ? child.value : "");

/** Code in a line, or a formula in it. */
export function InlineCode({ node, children }: ExtraProps & { children?: ReactNode }) {
  const names = classesOf(node);
  const display = names.includes("math-display");
  if (display || names.includes("math-inline"))
    return <Formula tex={textOf(node).trim()} display={display} />;
  return <code className={names.join(" ") || undefined}>{children}</code>;
}

/** What stands between fences: code, a formula or a diagram. */
export function Fenced({ node, children }: ExtraProps & { children?: ReactNode }) {
  const unfinished = useContext(Unfinished);
  const hydrated = useHydrated();
  const code = node?.children.find((child) => child.type === "element");
  const names = classesOf(code);
  if (names.includes("math-display")) return <Formula tex={textOf(code).trim()} display />;
  const language = names.find((name) => name.startsWith("language-"))?.slice("language-".length);
  // A diagram that is still being written, and all of them where no scripts run, are their source.
  if (language !== "mermaid" || unfinished || !hydrated) {
    return <CodeBlock language={language}>{children}</CodeBlock>;
  }
  return (
    <Diagram source={textOf(code)}>
      {(tools, hidden) => (
        <CodeBlock language={language} tools={tools} hidden={hidden}>
          {children}
        </CodeBlock>
      )}
    </Diagram>
  );
}
