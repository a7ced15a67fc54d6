// A Prettier plugin for JSON with comments, in place of Prettier's own, which brings all of Babel for it: half a megabyte.
import { applyEdits, format } from "jsonc-parser";

const FORMATTING = { insertSpaces: true, tabSize: 2 };

const pretty = (text) => applyEdits(text, format(text, undefined, FORMATTING));

export const parsers = {
  jsonc: {
    astFormat: "jsonc-text",
    parse: (text) => ({ text }),
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers = { "jsonc-text": { print: (path) => pretty(path.node.text) } };
