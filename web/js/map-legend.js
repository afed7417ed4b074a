// The parts of the page that the server draws for each view (heading, tools, legend, table):
// asked for as one small JSON, put in place, with the focus kept where it was.

// What is asked, as the query of the page's address; defaults are left out.
const DEFAULTS = { level: "departement", territory: "FR", view: "map", sort: "code", page: "1" };
const KEYS = ["service", "date", "level", "territory", "view", "isolate", "sort", "page"];

export function query(asked) {
  const found = new URLSearchParams();
  for (const key of KEYS) {
    const value = asked[key];
    if (value !== null && value !== undefined && value !== "" && String(value) !== DEFAULTS[key])
      found.set(key, value);
  }
  return found;
}

export function read(search, service) {
  const sent = new URLSearchParams(search);
  return Object.fromEntries(
    KEYS.map((key) => [key, sent.get(key) || DEFAULTS[key] || (key === "service" ? service : null)]),
  );
}

// The panel of a view. A second call abandons the first one, whose promise is then refused.
let asking = null;
export async function panel(base, asked) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(`${base}.json?${query(asked)}`, { signal: asking.signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

// Replace the parts. What had the focus, by its `data-key`, has it again.
export function put(parts) {
  const key = document.activeElement?.dataset?.key;
  for (const [name, html] of Object.entries(parts)) {
    const place = document.getElementById(`map-${name}`);
    if (place) place.innerHTML = html; // drawn and escaped by our own server
  }
  const table = document.getElementById("map-table");
  if (!("table" in parts)) table.replaceChildren();
  if (key && document.activeElement?.dataset?.key !== key) focus(key);
}

export function focus(key) {
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  found?.focus({ preventScroll: true });
  return Boolean(found);
}
