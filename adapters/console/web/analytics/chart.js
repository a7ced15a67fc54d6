// One measure as lines over time, or as bars without it. The table has the exact numbers: a chart's pixels may be floats.
import {
  BarController, BarElement, CategoryScale, Chart, Legend, LineController, LineElement, LinearScale, PointElement, Tooltip,
} from "chart.js";

import { labelOf, shown } from "./table.js";

Chart.register(BarController, BarElement, CategoryScale, Legend, LineController, LineElement, LinearScale, PointElement, Tooltip);

const MOST_SERIES = 8;
const MOST_BARS = 40;
const POINTS = ["circle", "rect", "triangle", "rectRot", "cross", "star", "crossRot", "dash"]; // colour is not the only sign
let chart;

export function charted(columns) {
  return columns.map((column, index) => ({ column, index })).filter(({ column }) => column.kind === "MEASURE");
}

export function drawChart(canvas, { columns, rows }, measure) {
  chart?.destroy();
  const time = columns.findIndex(({ kind }) => kind === "TIME");
  const groups = columns.map(({ kind }, index) => (kind === "DIMENSION" ? index : -1)).filter((index) => index >= 0);
  const name = (row) => groups.map((index) => row[index] ?? "–").join(" · ");
  const style = getComputedStyle(document.documentElement);
  const word = (property) => style.getPropertyValue(property).trim();
  const drawn = time < 0 ? bars(rows, columns, measure, name) : lines(rows, columns, measure, name, time);
  drawn.datasets.forEach((series, index) => Object.assign(series, look(index, word)));
  canvas.setAttribute("aria-label", `${time < 0 ? "Bars" : "Lines"}: ${labelOf(columns[measure])}; the table below has the numbers`);
  chart = new Chart(canvas, {
    type: time < 0 ? "bar" : "line",
    data: drawn,
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { ticks: { color: word("--soft"), maxRotation: 60 }, grid: { color: word("--line") } },
        y: { beginAtZero: true, ticks: { color: word("--soft"), maxTicksLimit: 6 }, grid: { color: word("--line") } },
      },
      plugins: { legend: { display: drawn.datasets.length > 1, position: "bottom", labels: { color: word("--ink"), usePointStyle: true } } },
    },
  });
  return drawn.left;
}

const number = (value) => (value === null || value === undefined ? null : Number(value));
const look = (index, word) => ({
  borderColor: word(`--series-${index % MOST_SERIES}`),
  backgroundColor: word(`--series-${index % MOST_SERIES}`),
  pointStyle: POINTS[index % POINTS.length],
  borderWidth: 2,
  pointRadius: 3,
});

function bars(rows, columns, measure, name) {
  const drawn = rows.slice(0, MOST_BARS);
  const data = drawn.map((row) => number(row[measure]));
  return { labels: drawn.map((row) => name(row) || "All"), datasets: [{ label: labelOf(columns[measure]), data }], left: rows.length - drawn.length };
}

// The largest series only: more than a few lines cannot be told apart.
function lines(rows, columns, measure, name, time) {
  const moments = [...new Set(rows.map((row) => row[time]))].sort();
  const series = new Map();
  for (const row of rows) {
    const key = name(row) || labelOf(columns[measure]);
    if (!series.has(key)) series.set(key, new Map());
    series.get(key).set(row[time], number(row[measure]));
  }
  const size = (values) => [...values.values()].reduce((sum, value) => sum + Math.abs(value ?? 0), 0);
  const ranked = [...series].sort(([, one], [, other]) => size(other) - size(one));
  const datasets = ranked.slice(0, MOST_SERIES).map(([label, values]) => ({ label, data: moments.map((moment) => values.get(moment) ?? null), spanGaps: true }));
  return { labels: moments.map((moment) => shown(moment, columns[time])), datasets, left: Math.max(0, ranked.length - MOST_SERIES) };
}
