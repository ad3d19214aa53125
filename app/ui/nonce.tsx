import { createContext, useContext } from "react";

/** The response's script nonce while it renders on the server. Browsers hide it again, so there it is empty. */
export const NonceContext = createContext<string | undefined>(undefined);

export const useNonce = (): string | undefined => useContext(NonceContext);
