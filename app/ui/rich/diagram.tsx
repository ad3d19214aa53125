import { ChartNetwork, CodeXml } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { z } from "zod";
import { FRAME_SANDBOX, useFrame } from "#app/ui/rich/use-frame.ts";
import { useDark } from "#app/ui/rich/use-dark.ts";
import { IconButton } from "#app/ui/button.tsx";

const TALLEST = 2_000;
const BORDER = 2;

const answerSchema = z.union([
  z.object({
    height: z
      .number()
      .min(1)
      .transform((height) => Math.min(Math.ceil(height), TALLEST)),
  }),
  z.object({ problem: z.string().transform((text) => text.slice(0, 200)) }),
]);

type Drawn = { height: number } | { problem: string } | null;

/** The page's own colours, so that a diagram belongs to it. */
function colours(): Record<string, string> {
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["page", "text", "muted", "soft", "softer", "line-strong", "accent"];
  const found = Object.fromEntries(names.map((name) => [name, read(name)]));
  probe.remove();
  return found;
}

type Props = {
  source: string;
  /** The head and the source of the block, with what is to stand in its head. */
  children: (tools: ReactNode, hidden: boolean) => ReactNode;
};

/**
 * A diagram, drawn in a frame of its own that can reach nothing. Its source is shown while it is drawn, when that
 * cannot be done, and when one asks for it.
 */
export function Diagram({ source, children }: Props) {
  const dark = useDark();
  const [drawn, setDrawn] = useState<Drawn>(null);
  const [asSource, setAsSource] = useState(false);
  const show = useMemo(() => ({ source, dark, colours: colours() }), [source, dark]);
  const frame = useFrame(show, (answer) => {
    const parsed = answerSchema.safeParse(answer);
    if (parsed.success) setDrawn(parsed.data);
  });
  const height = drawn && "height" in drawn ? drawn.height : null;
  const shown = height !== null && !asSource;
  const problem = drawn && "problem" in drawn ? drawn.problem : undefined;
  const label = shown ? "Show the source" : "Show the diagram";
  const tools = height !== null && (
    <IconButton label={label} onClick={() => setAsSource(shown)}>
      {shown ? <CodeXml size={15} aria-hidden /> : <ChartNetwork size={15} aria-hidden />}
    </IconButton>
  );
  return (
    <div className="diagram" data-diagram={problem ? "failed" : shown ? "drawn" : "source"}>
      {children(tools, shown)}
      {problem !== undefined && (
        // In CSS: what the page says of it is no text of the message.
        <div
          className="diagram-problem"
          role="note"
          data-told={`This diagram could not be drawn, so its source is shown. ${problem}`}
        />
      )}
      <iframe
        ref={frame}
        src="/frames/diagram"
        title="Diagram"
        sandbox={FRAME_SANDBOX}
        loading="lazy"
        className={shown ? "diagram-frame" : "diagram-frame waiting"}
        tabIndex={shown ? undefined : -1}
        aria-hidden={shown ? undefined : true}
        style={height === null ? undefined : { height: height + BORDER }}
      />
    </div>
  );
}
