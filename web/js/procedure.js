// Live results of a procedure, for its owner. Without this script the page says how things were when
// it was opened; with it, figures follow: by events, or by asking again when those are refused.

const status = document.querySelector("[data-voices-live]");
const ASK_EVERY = 5000; // milliseconds, when events do not come through
let asking = null;

function show(figures) {
  for (const place of document.querySelectorAll("[data-live]")) {
    const told = figures[place.dataset.live];
    if (told !== undefined && place.textContent !== told) place.textContent = told;
  }
  // New words are not put into the page while somebody writes an answer: a link says that they came.
  const more = document.querySelector("[data-latest]");
  const isNew = figures.latest !== "" && figures.latest !== more.dataset.latest;
  if (isNew && more.hidden) {
    more.hidden = false;
    status.textContent = status.dataset.newWords;
  }
}

async function ask() {
  try {
    const answer = await fetch(status.dataset.voicesLive, { headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // The server restarts: the next question finds it.
  }
}

function askAgainAndAgain() {
  if (asking !== null) return;
  status.textContent = status.dataset.askingWords;
  asking = setInterval(ask, ASK_EVERY);
}

function listen() {
  if (!("EventSource" in window)) {
    askAgainAndAgain();
    return;
  }
  const events = new EventSource(status.dataset.voicesLive);
  events.onopen = () => {
    clearInterval(asking);
    asking = null;
    status.textContent = status.dataset.liveWords;
  };
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    // While it reconnects by itself there is nothing to do; when it gave up, ask and try again.
    if (events.readyState !== EventSource.CLOSED) return;
    askAgainAndAgain();
    setTimeout(listen, 30000);
  };
}

if (status) listen();
