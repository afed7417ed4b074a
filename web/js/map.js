// The map page: filters, address, history. Without this script the same page is a form, a
// picture and a table.

import { MapData } from "./map-data.js";
import { focus, panel, put, query, read } from "./map-legend.js";
import { Stage } from "./map-stage.js";

const data = JSON.parse(document.getElementById("map-data").textContent);
const store = new MapData(data);
const page = document.getElementById("map-page");
const form = document.getElementById("map-form");
const status = document.getElementById("status");
const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let asked = read(location.search, data.view.service);
let view = data.view; // what the server made of it
let detail = null; // the second stage, once it was asked for

const say = (text) => { status.textContent = text; };
const stage = new Stage($("map-stage"), store, { say, open });
stage.href = (code) => addressOf(code);
stage.zoom = (by, at) => enter(by, at);
stage.near = () => detail?.near() ?? false;
stage.changed = () => detail?.repaint(stage.prepared, stage.theme());

function here(next) {
  const sent = query(next).toString();
  return sent ? `${data.base}?${sent}` : data.base;
}

function addressOf(code) {
  if (code.startsWith("COM-")) return data.commune.replace("CODE", code.slice(4));
  return here({ ...asked, territory: code, page: 1 });
}

// ------------------------------------------------------------------------- going somewhere

// Show another view. `how` is "push" (a step back comes back here), "replace" or "pop".
async function go(change, how = "push") {
  const next = { ...asked, page: 1, ...change };
  asked = next;
  if (how === "push") {
    history.replaceState({ ...history.state, key: document.activeElement?.dataset?.key ?? "" }, "");
    history.pushState({}, "", here(next));
  } else if (how === "replace") history.replaceState(history.state, "", here(next));
  page.setAttribute("aria-busy", "true");
  try {
    // A change of service, date or class keeps the territory: colour at once, words follow.
    const early = next.territory === view.territory && next.level === view.level &&
      next.service === view.service && next.view === "map";
    if (early) paint({ ...view, date: next.date, isolate: next.isolate || null });
    const answer = await panel(data.base, next);
    if (asked !== next) return;
    view = answer.view;
    asked = { ...next, level: view.level, isolate: view.isolate };
    document.title = `${answer.title} – ${document.title.split(" – ").pop()}`;
    put(answer.parts);
    const map = view.view === "map";
    $("map-figure").hidden = !map;
    page.dataset.view = view.view;
    $("map-canvas").setAttribute("aria-label", answer.label);
    matchForm();
    say(answer.announce);
    if (how !== "pop") history.replaceState(history.state, "", here(asked));
    if (map) await paint(view);
  } catch (error) {
    if (error.name === "AbortError") return;
    location.href = here(next); // the plain page says what is wrong
  } finally {
    if (asked.territory === next.territory) page.removeAttribute("aria-busy");
  }
}

async function paint(what) {
  try {
    await stage.show(store.prepare(what), what);
    detail?.show(stage.prepared, stage);
  } catch (error) {
    $("map-wait").hidden = false;
    $("map-wait").textContent = data.texts.failed;
    console.warn(error.message);
  }
}

function open(code) {
  if (code.startsWith("COM-")) location.href = addressOf(code);
  else if (code !== asked.territory) {
    const isolate = asked.isolate?.startsWith("share-") ? null : asked.isolate;
    go({ territory: code, isolate });
  }
}

// The form says what is shown, wherever the change came from.
function matchForm() {
  form.elements.service.value = asked.service;
  const dates = $("map-date");
  dates.value = asked.date ?? "";
  let index = data.days.length - 1;
  if (asked.date) {
    index = data.days.findLastIndex(([day]) => day <= asked.date);
    if (dates.selectedIndex < 0 && index >= 0) dates.value = data.days[index][0];
  }
  const range = $("map-range");
  range.value = Math.max(0, index);
  range.setAttribute("aria-valuetext", data.days[range.value][1]);
  $("map-previous").disabled = range.value <= 0;
  $("map-next").disabled = +range.value >= data.days.length - 1;
}

// ------------------------------------------------------------------------- controls

form.elements.service.addEventListener("change", (event) => go({ service: event.target.value }));
$("map-date").addEventListener("change", (event) => go({ date: event.target.value || null }));

const dayAt = (index) => (index >= data.days.length - 1 ? null : data.days[index][0]);
let sliding = 0;
$("map-range").addEventListener("input", (event) => {
  const index = +event.target.value;
  event.target.setAttribute("aria-valuetext", data.days[index][1]);
  clearTimeout(sliding);
  sliding = setTimeout(() => go({ date: dayAt(index) }, "replace"), 60);
});
const stepDate = (by) => {
  const index = Math.min(data.days.length - 1, Math.max(0, +$("map-range").value + by));
  return go({ date: dayAt(index) });
};
$("map-previous").addEventListener("click", () => stepDate(-1));
$("map-next").addEventListener("click", () => stepDate(1));

let playing = 0;
function play(on) {
  clearInterval(playing);
  playing = 0;
  const button = $("map-play");
  button.setAttribute("aria-pressed", String(on));
  const words = on ? data.texts.date_pause : data.texts.date_play;
  button.title = words;
  button.querySelector(".hidden").textContent = words;
  if (!on) return;
  const range = $("map-range");
  if (+range.value >= data.days.length - 1) range.value = -1;
  const tick = () => {
    const index = +range.value + 1;
    if (index >= data.days.length) return play(false);
    range.value = index;
    go({ date: dayAt(index) }, "replace");
    if (index >= data.days.length - 1) play(false);
  };
  playing = setInterval(tick, calm.matches ? 2500 : 1200); // only ever on request
}
$("map-play").addEventListener("click", () => play(!playing));

form.addEventListener("change", (event) => {
  if (event.target.name === "level") go({ level: event.target.value });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter;
  if (button?.dataset.isolate !== undefined) {
    const pressed = button.getAttribute("aria-pressed") === "true";
    const key = button.dataset.key;
    go({ isolate: pressed ? null : button.dataset.isolate || null }).then(() => {
      if (document.activeElement === document.body) focus(key) || focus(`isolate-${view.isolate}`);
    });
  }
});

page.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target.closest("a, button");
  if (!target || target.closest(".map-tip")) return;
  const { go: code, view: shown, service } = target.dataset;
  if ("print" in target.dataset) return print();
  if ("permalink" in target.dataset && navigator.clipboard) {
    event.preventDefault();
    navigator.clipboard.writeText(new URL(target.href).href).then(
      () => say(data.texts.permalink_copied),
      () => { location.href = target.href; },
    );
    return;
  }
  if (target.tagName !== "A") return;
  const page_ = target.closest("#map-areas thead, .map-pages");
  if (!code && !shown && !service && !page_) return;
  event.preventDefault();
  const next = read(new URL(target.href).search, data.view.service);
  const heading = Boolean(code);
  go(next).then(() => {
    // A step to another place begins at its title; a step back finds the link again.
    if (heading && !document.activeElement?.closest("#map-page")) titleFocus();
  });
});

function titleFocus() {
  const title = $("map-title");
  if (!title) return;
  title.tabIndex = -1;
  title.focus({ preventScroll: false });
}

addEventListener("popstate", async (event) => {
  const key = event.state?.key;
  await go(read(location.search, data.view.service), "pop");
  if (key === "map-group") stage.group.focus();
  else if (key) focus(key);
});

// ------------------------------------------------------------------------- the second stage

async function enter(by, at) {
  if (detail) return detail.zoom(by);
  if (by < 0) {
    if (view.up) go({ territory: view.up, level: null });
    return;
  }
  const script = $("map-script");
  page.setAttribute("aria-busy", "true");
  try {
    const { Detail } = await import("./map-detail.js");
    detail = new Detail($("map-detail"), store, stage, script.dataset);
    await detail.open(at && by ? stage.degrees(...at) : null);
    $("map-detailed").setAttribute("aria-pressed", "true");
    $("map-detailed").textContent = data.texts.overview;
    $("map-stage").dataset.detail = "on";
  } catch (error) {
    console.warn(error);
    leaveDetail();
    say(data.texts.failed);
  } finally {
    page.removeAttribute("aria-busy");
  }
}

function leaveDetail() {
  detail?.close();
  detail = null;
  delete $("map-stage").dataset.detail;
  $("map-detailed").setAttribute("aria-pressed", "false");
  $("map-detailed").textContent = data.texts.detailed;
}

$("map-in").addEventListener("click", () => enter(1, stage.at));
$("map-out").addEventListener("click", () => enter(-1));
$("map-detailed").addEventListener("click", () => (detail ? leaveDetail() : enter(0)));
$("map-detail").addEventListener("overview", () => {
  leaveDetail();
  stage.group.focus();
});

stage.group.dataset.key = "map-group";
matchForm();
if (view.view === "map") await paint(view);
