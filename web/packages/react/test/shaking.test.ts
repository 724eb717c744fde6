import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";

/** What a bundle of an application has that uses only this of the package. */
async function bundleOf(code: string): Promise<string> {
  const entry = "virtual:entry";
  const built = await build({
    logLevel: "silent",
    configFile: false,
    root: fileURLToPath(new URL("..", import.meta.url)),
    resolve: { conditions: ["holdfast-source"] },
    build: {
      write: false,
      minify: false,
      rolldownOptions: { input: entry, external: [/^react/], preserveEntrySignatures: "strict" },
    },
    plugins: [
      {
        name: "entry",
        resolveId: id => (id === entry ? `\0${entry}` : undefined),
        load: id => (id === `\0${entry}` ? code : undefined),
      },
    ],
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output)) throw new Error("Nothing was built.");
  return output.output.map(chunk => ("code" in chunk ? chunk.code : "")).join("\n");
}

test("who imports one hook does not get the card, the marks or the other hooks", async () => {
  const code = await bundleOf('export { useWebSocketConnection } from "@holdfast/react";');
  expect(code).toContain("useSyncExternalStore");
  for (const absent of ["progressbar", "GripLine", "/progress", "AIProgressCard"])
    expect(code).not.toContain(absent);
});

test("who imports the card gets it", async () => {
  const code = await bundleOf('export { AIProgressCard } from "@holdfast/react";');
  expect(code).toContain("progressbar");
});
