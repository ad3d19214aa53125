import { Check, Copy } from "lucide-react";
import { useRef, type ReactNode } from "react";
import type { ExtraProps } from "react-markdown";
import { IconButton } from "#app/ui/button.tsx";
import { useCopy } from "#app/ui/use-copy.ts";

function languageOf(node: ExtraProps["node"]): string | undefined {
  const code = node?.children.find((child) => child.type === "element" && child.tagName === "code");
  const classes = code?.type === "element" ? code.properties.className : undefined;
  const names = Array.isArray(classes) ? classes.map(String) : [];
  return names.find((name) => name.startsWith("language-"))?.slice("language-".length);
}

/** A block of code. Its language stands in CSS and its button is an icon: neither adds text to the message. */
export function CodeBlock({ node, children }: Pick<ExtraProps, "node"> & { children: ReactNode }) {
  const ref = useRef<HTMLPreElement>(null);
  const { copied, copy } = useCopy(() => ref.current?.textContent ?? "");
  return (
    <div className="code-block">
      <div className="code-head" data-language={languageOf(node) ?? "code"}>
        <IconButton label={copied ? "Copied" : "Copy code"} onClick={copy}>
          {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        </IconButton>
      </div>
      <pre ref={ref}>{children}</pre>
    </div>
  );
}
