// Dark, light, or as the system says; remembered on this machine. `public/theme.js` applies it before the first paint.
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";
const KEY = "switchtower.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

type Store = { theme: Theme; dark: boolean; setTheme: (theme: Theme) => void };
const isDark = (theme: Theme) => theme === "dark" || (theme === "system" && system.matches);

export const useTheme = create<Store>((set) => ({
  theme: stored(),
  dark: isDark(stored()),
  setTheme: (theme) => {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
    document.documentElement.classList.toggle("dark", isDark(theme));
    set({ theme, dark: isDark(theme) });
  },
}));

system.addEventListener("change", () => {
  const { theme, setTheme } = useTheme.getState();
  if (theme === "system") setTheme("system");
});
