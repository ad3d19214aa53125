import { ImageDown } from "lucide-react";
import { createContext, useContext, useState } from "react";
import { z } from "zod";
import { FRAME_SANDBOX, useFrame } from "#app/ui/rich/use-frame.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

/** An image in a link is its words: a control has no place in a link. */
const LinkContext = createContext(false);
export const InLink = LinkContext.Provider;

const OWN_IMAGE = /^\/attachments\/[\w-]+(\/[\w-]+)?$/;

/** An address on this server under which its owner's attachments are. */
export const isOwnImage = (src: string): boolean => OWN_IMAGE.test(src);

const TALLEST = 1_200;
const answerSchema = z.object({ height: z.number().min(0) });

type Props = { src: string; alt: string };

/** An image elsewhere. It could carry the conversation away in its address, so it is loaded when one asks for it. */
export function OutsideImage({ src, alt }: Props) {
  const hydrated = useHydrated();
  const inLink = useContext(LinkContext);
  const [asked, setAsked] = useState(false);
  const words = alt || "Image";
  if (inLink) return <span>{words}</span>;
  if (!hydrated) {
    return (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow">
        {words}
      </a>
    );
  }
  if (asked) return <LoadedImage src={src} alt={words} />;
  const host = URL.canParse(src) ? new URL(src).host : src;
  return (
    <button
      type="button"
      className="outside-image"
      data-host={host}
      title={`Load the image from ${host}`}
      aria-label={`${words}: load the image from ${host}`}
      onClick={() => setAsked(true)}
    >
      <ImageDown size={16} aria-hidden />
      {words}
    </button>
  );
}

/** In a frame: the page itself may load images of no other host, whatever a message holds. */
function LoadedImage({ src, alt }: Props) {
  const [height, setHeight] = useState<number | null>(null);
  const frame = useFrame({ src, alt }, (answer) => {
    const parsed = answerSchema.safeParse(answer);
    if (parsed.success) setHeight(Math.min(Math.ceil(parsed.data.height), TALLEST));
  });
  return (
    <iframe
      ref={frame}
      src="/frames/image"
      title={alt}
      sandbox={FRAME_SANDBOX}
      className="image-frame"
      data-loaded={height === null ? undefined : height > 0 ? "yes" : "no"}
      style={height ? { height } : undefined}
    />
  );
}
