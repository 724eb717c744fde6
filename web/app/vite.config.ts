import { defineConfig } from "vite";

const server = process.env.HOLDFAST_SERVER ?? "http://127.0.0.1:7171";

export default defineConfig({
  resolve: { conditions: ["holdfast-source", "module", "browser", "development|production"] },
  build: {
    outDir: process.env.HOLDFAST_WEB_OUT ?? "../../src/holdfast/web",
    emptyOutDir: true,
    target: "es2022",
    // The policy of the pages allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog: (level, log, tell) => log.code !== "MODULE_LEVEL_DIRECTIVE" && tell(level, log),
    },
  },
  server: { proxy: { "/api": { target: server, ws: true }, "/sign-in": server } },
});
