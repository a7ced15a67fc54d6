// The page at /analytics: choose, see, copy. Nothing is kept on the server, and nothing but the key in the browser's tab.
import "./page.css";

import { ask } from "./ask.js";
import { charted, drawChart } from "./chart.js";
import { fillForm, inputOf, keyOf, prepareForm } from "./form.js";
import { queryOf } from "./query.js";
import { drawTable, labelOf } from "./table.js";

const CHOICES = `query Choices {
  analyticsCatalog { measures { name description } dimensions { name description } }
  businessUnits { code name }
  channels { code name }
  status: __type(name: "OrderStatus") { enumValues { name } }
}`;

const at = (id) => document.getElementById(id);
let table;
let asked;
let isFilled = false;

function say(text, kind = "") {
  at("state").textContent = text;
  at("state").className = kind;
  at("answer").setAttribute("aria-busy", String(kind === "loading"));
}

function fail(fault) {
  if (fault.name === "AbortError") return;
  at("found").hidden = true;
  const isAboutKey = fault.code === "UNAUTHENTICATED" || (fault.code === "FORBIDDEN" && !keyOf());
  const wish = keyOf() ? "This key is not known here. Enter one that is, then press Show." : "Enter a key that may read analytics, then press Show.";
  say(isAboutKey ? wish : fault.message, "error");
  if (isAboutKey) at("key").focus({ preventScroll: true });
}

// After a press of Show: on a phone the answer is below the form, on a desk it may be above it.
const bringUp = () => at("state").scrollIntoView({ block: "nearest" });

function draw() {
  const left = drawChart(at("chart"), table, Number(at("charted").value));
  const more = left ? ` The chart leaves out ${left} smaller ones.` : "";
  const cut = table.truncated ? " There are more rows than these." : "";
  say(`${table.rowCount} ${table.rowCount === 1 ? "row" : "rows"}, as of ${new Date(table.asOf).toLocaleString()}.${cut}${more}`);
}

function show(answer) {
  table = answer;
  at("found").hidden = table.rows.length === 0;
  if (!table.rows.length) return say("No orders in this range, with these filters.", "empty");
  const measures = charted(table.columns);
  const wanted = at("charted").selectedOptions[0]?.textContent;
  at("charted").replaceChildren(...measures.map(({ column, index }) => Object.assign(document.createElement("option"), { value: index, textContent: labelOf(column), selected: labelOf(column) === wanted })));
  drawTable(at("table"), table);
  return draw();
}

async function run() {
  const { input, problem, field } = inputOf();
  if (problem) {
    field?.focus();
    return say(problem, "error");
  }
  asked?.abort();
  const mine = (asked = new AbortController());
  const query = queryOf(input);
  at("query").textContent = query;
  say("Counting…", "loading");
  try {
    const { orderAnalytics } = await ask(query, undefined, { key: keyOf(), signal: mine.signal });
    if (!orderAnalytics) throw new Error("There is no answer to this question.");
    show(orderAnalytics);
  } catch (fault) {
    if (mine === asked) fail(fault);
  }
  return undefined;
}

async function start() {
  say("Loading what can be counted…", "loading");
  try {
    fillForm(await ask(CHOICES, undefined, { key: keyOf() }));
    isFilled = true;
    await run();
  } catch (fault) {
    fail(fault);
  }
}

async function copy() {
  const button = at("copy");
  try {
    await navigator.clipboard.writeText(at("query").textContent);
    button.textContent = "Copied";
  } catch {
    // Without https only this machine may write to the clipboard: what is selected can be copied by hand.
    getSelection().selectAllChildren(at("query"));
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

prepareForm();
at("question").addEventListener("submit", (event) => {
  event.preventDefault();
  (isFilled ? run() : start()).then(bringUp);
});
at("key").addEventListener("change", () => (isFilled = false)); // another caller may see other units and channels
at("charted").addEventListener("change", draw);
at("copy").addEventListener("click", copy);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => table?.rows.length && draw());
start();
