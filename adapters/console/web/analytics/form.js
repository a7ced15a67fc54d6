// The question's form: what can be chosen comes from the server, what was chosen becomes an AnalyticsInput.
import { RANGES, isZone, rangeOf } from "./range.js";

const GRAINS = ["DAY", "HOUR", "WEEK", "MONTH", "QUARTER", "YEAR"];
const TIME_FIELDS = { PLACED_AT: "Placed", PAID_AT: "Paid", COMPLETED_AT: "Completed" };
const COMPARE = { "": "Nothing", PREVIOUS_PERIOD: "The period before", SAME_PERIOD_LAST_YEAR: "The year before" };
const FIRST = { measures: ["ORDERS", "NET"], dimensions: ["CHANNEL"] };
const FILTERS = { "business-unit": "businessUnit", channel: "channel", status: "status" };
const KEY = "order-center:key";

const at = (id) => document.getElementById(id);
export const words = (name) => name.charAt(0) + name.slice(1).toLowerCase().replaceAll("_", " ");

// Filled again, as with another key, it keeps what was chosen.
function choices(id, entries, first = []) {
  const chosen = at(id).childElementCount ? picked(id) : first;
  at(id).replaceChildren(...entries.map(({ value, label, title }) => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value, name: id, checked: chosen.includes(value) });
    const line = Object.assign(document.createElement("label"), { title: title ?? "" });
    line.append(box, label);
    return line;
  }));
}

function options(id, entries) {
  at(id).replaceChildren(...entries.map(([value, label]) => Object.assign(document.createElement("option"), { value, label, textContent: label })));
}

const picked = (id) => [...at(id).querySelectorAll("input:checked")].map(({ value }) => value);

export function prepareForm() {
  options("grain", [["", "None"], ...GRAINS.map((grain) => [grain, words(grain)])]);
  options("time-field", Object.entries(TIME_FIELDS));
  options("range", Object.entries(RANGES));
  options("compare", Object.entries(COMPARE));
  at("grain").value = "DAY";
  at("range").value = "30d";
  at("timezone").value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  at("timezones").replaceChildren(...["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])].map((zone) => Object.assign(document.createElement("option"), { value: zone })));
  at("key").value = sessionStorage.getItem(KEY) ?? "";
  at("key").addEventListener("change", () => sessionStorage.setItem(KEY, keyOf() ?? ""));
  at("question").addEventListener("change", refresh);
  refresh();
}

export function fillForm({ analyticsCatalog, businessUnits, channels, status }) {
  const entry = ({ name, description }) => ({ value: name, label: words(name), title: description });
  choices("measures", analyticsCatalog.measures.map(entry), FIRST.measures);
  choices("dimensions", analyticsCatalog.dimensions.map(entry), FIRST.dimensions);
  choices("business-unit", businessUnits.map(({ code, name }) => ({ value: code, label: name })));
  choices("channel", channels.map(({ code, name }) => ({ value: code, label: name })));
  choices("status", status.enumValues.map(({ name }) => ({ value: name, label: words(name) })));
}

function refresh() {
  at("question").classList.toggle("is-custom", at("range").value === "custom");
  for (const id of Object.keys(FILTERS)) at(`${id}-count`).textContent = picked(id).length || "";
}

export const keyOf = () => at("key").value.trim() || undefined;

// → the input, or { problem, field }: a sentence, and where the focus belongs.
export function inputOf() {
  const measures = picked("measures");
  if (!measures.length) return { problem: "Choose at least one measure.", field: at("measures").querySelector("input") };
  const timezone = at("timezone").value.trim() || "UTC";
  if (!isZone(timezone)) return { problem: `${timezone} is no time zone: take one like Europe/Berlin.`, field: at("timezone") };
  const [grain, compare] = [at("grain").value, at("compare").value];
  const range = rangeOf(at("range").value, timezone, { from: at("from").value, until: at("until").value });
  const time = { field: at("time-field").value, ...(grain && { grain }), ...(range && { range }), timezone };
  if (grain && at("fill-gaps").checked) time.fillGaps = true;
  const filter = Object.fromEntries(Object.entries(FILTERS).map(([id, name]) => [name, picked(id)]).filter(([, values]) => values.length));
  const input = { measures, dimensions: picked("dimensions"), time, totals: true };
  if (Object.keys(filter).length) input.filter = filter;
  if (compare) input.compare = compare;
  return { input };
}
