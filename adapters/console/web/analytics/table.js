// The table of an answer. Numbers come as exact text and stay text: they are never made floats to be shown.
const GROUPS = /\B(?=(\d{3})+(?!\d))/g;
const MOST_ROWS = 1000;

export function labelOf(column) {
  return column.unit && column.unit !== column.name.toLowerCase() ? `${column.name} (${column.unit})` : column.name;
}

export const isNumber = ({ kind }) => kind === "MEASURE" || kind === "COMPARE";

export function shown(value, column) {
  if (value === null || value === undefined) return "–";
  if (column.kind === "TIME") return String(value).replace(/T00:00(:00)?(\.0+)?/, "").replace("T", " ");
  if (!isNumber(column)) return String(value);
  const [whole, fraction] = String(value).split(".");
  return whole.replace(GROUPS, "\u202f") + (fraction === undefined ? "" : `.${fraction}`);
}

export function drawTable(place, { columns, rows, totals }) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = labelOf(column);
    cell.title = column.description;
    cell.classList.toggle("number", isNumber(column));
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows.slice(0, MOST_ROWS)) fill(body.insertRow(), row, columns);
  if (totals) fill(table.createTFoot().insertRow(), totals, columns, "Total");
  place.replaceChildren(table);
}

function fill(line, row, columns, first) {
  columns.forEach((column, index) => {
    const cell = line.insertCell();
    cell.textContent = index === 0 && first && !isNumber(column) ? first : shown(row[index], column);
    cell.classList.toggle("number", isNumber(column));
  });
}
