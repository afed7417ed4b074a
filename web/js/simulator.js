// The result while somebody types: the server draws it, from the same template as without this
// script. Nothing typed goes anywhere but into the body of that question.
const WAIT = 400; // ms after the last key: one question per pause
const form = document.querySelector("[data-simulation]");
const result = document.getElementById("result");
const said = document.getElementById("simulation-said");
const touched = new Set();
let timer, request;

function tell(words) {
  // The same words again would not be spoken.
  said.textContent = said.textContent === words ? `${words}\u00a0` : words;
}

// A field is wrong only once somebody has been there: nobody is told off for what comes next.
function mark(drawn) {
  const wrong = new Set([...drawn.querySelectorAll("[data-wrong]")].map((one) => one.dataset.wrong));
  for (const field of form.elements) {
    if (!field.id) continue;
    if (wrong.has(field.id) && touched.has(field.id)) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function show(text) {
  const parsed = new DOMParser().parseFromString(text, "text/html");
  const drawn = parsed.querySelector("[data-said]");
  if (!drawn) return false;
  // Tables that somebody opened stay open.
  const open = [...result.querySelectorAll("details")].map((one) => one.open);
  drawn.querySelectorAll("details").forEach((one, place) => (one.open = open[place] ?? false));
  for (const one of drawn.querySelectorAll("[role=alert]")) one.removeAttribute("role");
  mark(drawn);
  result.replaceChildren(document.importNode(drawn, true));
  tell(drawn.dataset.said);
  const { retry } = drawn.dataset;
  if (retry) timer = setTimeout(ask, 1000 * Number(retry));
  return true;
}

async function ask() {
  request?.abort();
  const mine = (request = new AbortController());
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.action}?part=result`, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      signal: mine.signal,
    });
    const text = await answer.text();
    if (mine !== request) return;
    if (!show(text)) tell(form.dataset.lost);
  } catch (error) {
    if (error.name !== "AbortError") tell(form.dataset.lost);
  } finally {
    if (mine === request) result.removeAttribute("aria-busy");
  }
}

function later(event) {
  if (event.target.id) touched.add(event.target.id);
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

if (form && result) {
  form.addEventListener("input", later);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    request?.abort();
  });
  // A link of the summary may lead into a part that is folded.
  addEventListener("hashchange", () => {
    const folded = document.querySelector(location.hash || "html")?.closest("details");
    if (folded) folded.open = true;
  });
  document.getElementById("mistakes")?.focus();
}
