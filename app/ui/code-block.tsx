import { Check, Copy } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { IconButton } from "#app/ui/button.tsx";
import { useCopy } from "#app/ui/use-copy.ts";

type Props = {
  language: string | undefined;
  /** More of what can be done with it. */
  tools?: ReactNode;
  /** Something else stands in the place of the code. */
  hidden?: boolean;
  children: ReactNode;
};

/** A block of code. Its language stands in CSS and its button is an icon: neither adds text to the message. */
export function CodeBlock({ language, tools, hidden = false, children }: Props) {
  const ref = useRef<HTMLPreElement>(null);
  const { copied, copy } = useCopy(() => ref.current?.textContent ?? "");
  return (
    <div className="code-block">
      <div className="code-head" data-language={language ?? "code"}>
        <span className="code-tools">
          {tools}
          <IconButton label={copied ? "Copied" : "Copy code"} onClick={copy}>
            {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
          </IconButton>
        </span>
      </div>
      <pre ref={ref} hidden={hidden}>
        {children}
      </pre>
    </div>
  );
}
