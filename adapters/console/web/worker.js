// Monaco's three workers in one file, told apart by the name each is started with: apart they would bring the core of
// Monaco three times.
import { GraphQLWorker } from "monaco-graphql/esm/GraphQLWorker.js";
import { initialize } from "monaco-editor/esm/vs/editor/editor.worker.js";
// Exports nothing: it leaves its start in `onmessage`.
import "monaco-editor/esm/vs/language/json/json.worker.js";

const STARTS = {
  graphql: () => initialize((context, data) => new GraphQLWorker(context, data)),
  json: globalThis.onmessage,
};

globalThis.onmessage = STARTS[globalThis.name] ?? (() => initialize(null));
