import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

// Not graphiql/style.css: it brings Monaco's styles, which come with Monaco itself.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

// The page is at the endpoint itself, under whatever prefix a proxy gives it.
const ENDPOINT = globalThis.location.pathname;

// A key is a comment until someone fills it in: without one, demo mode answers as its admin.
const HEADERS = `{
  // "Authorization": "Bearer <one of the keys that the server printed>"
}`;

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL("worker.js", import.meta.url), { name: label, type: "module" }),
};

async function fetcher(parameters, { headers = {} } = {}) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

const tabs = JSON.parse(document.getElementById("examples").textContent).map(({ group, title, query, variables }) => ({
  query: `# ${group}: ${title}\n${query}`,
  variables: JSON.stringify(variables, null, 2),
  headers: HEADERS,
}));

// Other GraphiQLs of this host keep their tabs under the plain names.
const storage = createLocalStorage({ namespace: "order-center" });

// GraphiQL starts its editors from properties of their own, or from what was typed last, not from the open tab: without
// these the variables of an untouched example are missing.
const state = JSON.parse(storage.getItem("graphiql:tabState"));
const open = state?.tabs[state.activeTabIndex] ?? tabs[0];

createRoot(document.getElementById("console")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    defaultTabs={tabs}
    initialQuery={open.query ?? undefined}
    initialVariables={open.variables ?? undefined}
    initialHeaders={open.headers ?? undefined}
    defaultHeaders={HEADERS}
    defaultEditorToolsVisibility="variables"
  >
    <GraphiQL.Logo>Order Center</GraphiQL.Logo>
  </GraphiQL>,
);
