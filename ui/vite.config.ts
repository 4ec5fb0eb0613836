import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// SWITCHTOWER_CONSOLE=http://127.0.0.1:4101 npm run dev -w ui: the real console behind the dev server; without it, made-up sessions.
const console_ = process.env.SWITCHTOWER_CONSOLE;

export default defineConfig(async ({ command }) => ({
  plugins: [
    react(),
    tailwindcss(),
    ...(command === "serve" && !console_ && !process.env.VITEST ? [(await import("./dev/fixture.ts")).fixture()] : []),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: console_ ? { proxy: { "/rpc": console_, "/events": console_ } } : {},
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // Content Security Policy allows no data: URLs, so nothing is inlined.
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 1200,
  },
}));
