// The question as GraphQL, whole: it runs as it stands wherever it is pasted.
const ENUMS = new Set(["measures", "dimensions", "field", "grain", "compare", "status"]);

export function queryOf(input) {
  return `query Analytics {
  orderAnalytics(input: ${literal(input, "  ")}) {
    columns { name kind type unit description }
    rows
    totals
    rowCount
    truncated
    asOf
    watermark
  }
}`;
}

function literal(value, indent, name) {
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, indent, name)).join(", ")}]`;
  if (value === null || typeof value !== "object") return ENUMS.has(name) ? String(value) : JSON.stringify(value);
  const inner = `${indent}  `;
  const fields = Object.entries(value).map(([key, one]) => `${inner}${key}: ${literal(one, inner, key)}`);
  return `{\n${fields.join("\n")}\n${indent}}`;
}
