// Bundles the console into ../assets: `npm ci && npm run build`. The same sources and lock file give the same bytes.
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { licences } from "./licences.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ASSETS = join(HERE, "..", "assets");

const ALIASES = {
  "prettier/parser-babel": "./prettier-jsonc.js",
  "prettier/plugins/estree": "./prettier-jsonc.js",
  "prettier/parser-graphql": "prettier/plugins/graphql",
};

// Not aliases: their own packages name these files by relative paths.
const REPLACED = [
  [/\/monaco-editor(\.js)?$/, "monaco.js"],
  [/\/jsutils\/instanceOf\.mjs$|^\.\/instanceOf\.mjs$/, "instance-of.js"],
];
const replaced = {
  name: "replaced",
  setup(bundler) {
    for (const [filter, file] of REPLACED) bundler.onResolve({ filter }, () => ({ path: join(HERE, file) }));
  },
};

rmSync(ASSETS, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: HERE,
  alias: ALIASES,
  assetNames: "[name]",
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: { analytics: "analytics/main.js", graphiql: "main.jsx", worker: "worker.js" },
  format: "esm",
  jsx: "automatic",
  legalComments: "none", // they stand in LICENSES.txt
  loader: { ".ttf": "file" },
  logLevel: "info",
  logLimit: 0,
  metafile: true,
  mainFields: ["browser", "module", "main"], // named, so that one ES module of graphql serves all, not its CommonJS twin
  minify: true,
  outdir: ASSETS,
  plugins: [replaced],
  target: "es2022",
});
writeFileSync(join(ASSETS, "LICENSES.txt"), licences(HERE, metafile.inputs));
copyFileSync(join(HERE, "icon.svg"), join(ASSETS, "icon.svg"));
