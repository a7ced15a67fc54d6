// The licences of everything that was bundled, one text for all packages that share it to the letter.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LICENCE_FILE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;
const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const RULE = `\n\n${"-".repeat(80)}\n\n`;

// For packages whose archive names the licence and leaves its text out.
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

// The folder each bundled file came from, CSS and fonts included. A folder inside dist/ may hold a package.json of its
// own without a name: only what lies right under node_modules is a package.
const folders = (inputs) =>
  [...new Set(Object.keys(inputs).map((path) => PACKAGE_FOLDER.exec(path)?.[1]))].filter(Boolean).sort();

function textOf(folder, { name, license, author }) {
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
  if (texts.length) return texts.join("\n\n");
  if (license !== "MIT") throw new Error(`${name} is under ${license} and brings no text of it`);
  return `Copyright (c) ${(author?.name ?? author) || `the contributors of ${name}`}\n\n${MIT}`;
}

// `inputs` of esbuild's metafile, whose paths are relative to `root` → the whole text of LICENSES.txt.
export function licences(root, inputs) {
  const packagesByText = new Map();
  for (const folder of folders(inputs)) {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const text = textOf(join(root, folder), manifest);
    const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
    packagesByText.set(text, (packagesByText.get(text) ?? new Set()).add(title));
  }
  const entries = [...packagesByText].map(([text, titles]) => `${[...titles].join("\n")}\n\n${text}`);
  return `${entries.join(RULE)}\n`;
}
