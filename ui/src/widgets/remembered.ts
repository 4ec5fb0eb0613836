// A choice of this machine's, kept when the page is left.
import { useState } from "react";

export function useRemembered(name: string, initial: boolean): [boolean, (value: boolean) => void] {
  const key = `switchtower.${name}`;
  const [value, setValue] = useState(() => (localStorage.getItem(key) ?? String(initial)) === "true");
  const set = (next: boolean) => {
    localStorage.setItem(key, String(next));
    setValue(next);
  };
  return [value, set];
}
