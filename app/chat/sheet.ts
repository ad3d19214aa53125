import { createContext, useContext } from "react";

const SheetContext = createContext<() => void>(() => undefined);

export const SheetProvider = SheetContext.Provider;

/** Opens the list of chats where it is a sheet, on narrow screens. */
export const useOpenSheet = (): (() => void) => useContext(SheetContext);
