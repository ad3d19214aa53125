import { Component, type ReactNode, type RefObject } from "react";

type Props = {
  /** The first message that is shown; when it changes, something came or went above. */
  first: string | undefined;
  scroller: RefObject<HTMLElement | null>;
  children: ReactNode;
};

type Place = { element: Element; top: number };

/** Holds what is read where it is on the screen while messages come above it. */
export class KeepPlace extends Component<Props> {
  override getSnapshotBeforeUpdate(before: Props): Place | null {
    const { first, scroller } = this.props;
    if (before.first === first || !scroller.current) return null;
    const edge = scroller.current.getBoundingClientRect().top;
    for (const element of scroller.current.querySelectorAll("article")) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom > edge) return { element, top };
    }
    return null;
  }

  override componentDidUpdate(_props: Props, _state: object, place: Place | null): void {
    const scroller = this.props.scroller.current;
    if (!place?.element.isConnected || !scroller) return;
    scroller.scrollTop += place.element.getBoundingClientRect().top - place.top;
  }

  override render(): ReactNode {
    return this.props.children;
  }
}
