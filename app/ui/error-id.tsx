import { createContext } from "react";

/** The number under which the log has what failed in making this document; only the server knows it. */
export const ErrorIdContext = createContext<string | undefined>(undefined);
