// Ranges of days as people name them, as moments of a time zone: a day begins when the clocks there say midnight.
export const RANGES = {
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
  "365d": "Last 365 days",
  year: "This year",
  all: "All time",
  custom: "From … until …",
};

export function isZone(zone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

// → { gte, lt } in UTC, or undefined for all time. `from` and `until` are days (YYYY-MM-DD) of a custom range.
export function rangeOf(kind, zone, { from, until, now = new Date() } = {}) {
  const today = dayIn(zone, now);
  if (kind === "all") return undefined;
  if (kind === "custom") return bounds(from, until && plusDays(until, 1), zone);
  const begin = kind === "year" ? `${today.slice(0, 4)}-01-01` : plusDays(today, 1 - Number.parseInt(kind, 10));
  return bounds(begin, plusDays(today, 1), zone);
}

function bounds(begin, end, zone) {
  const range = {};
  if (begin) range.gte = midnight(begin, zone).toISOString();
  if (end) range.lt = midnight(end, zone).toISOString();
  return Object.keys(range).length ? range : undefined;
}

function dayIn(zone, moment) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
}

function plusDays(day, count) {
  const moment = new Date(`${day}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + count);
  return moment.toISOString().slice(0, 10);
}

// Two looks: the offset at the first guess may be the one from before or after the clocks change.
function midnight(day, zone) {
  const utc = Date.parse(`${day}T00:00:00Z`);
  const first = utc - offset(zone, utc);
  return new Date(utc - offset(zone, first));
}

function offset(zone, at) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(at);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
