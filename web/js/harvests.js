// Live progress of the harvests. Without this script the page says how things were when it was
// opened; with it, rows follow the journal: by events, or by asking again when those are refused.

const status = document.querySelector("[data-harvests]");
const ASK_EVERY = 5000; // milliseconds, when events do not come through
let asking = null;

function show(lines) {
  for (const line of lines) {
    const row = document.querySelector(`[data-source="${CSS.escape(line.id)}"]`);
    if (!row) continue;
    row.querySelector("[data-state]").textContent = line.state;
    const total = line.total ? ` / ${line.total}` : "";
    row.querySelector("[data-progress]").textContent = line.what
      ? `${line.what} ${line.done}${total}`
      : "";
  }
}

async function ask() {
  try {
    const answer = await fetch(status.dataset.harvests, { headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // The server restarts: the next question finds it.
  }
}

function askAgainAndAgain() {
  if (asking !== null) return;
  status.textContent = status.dataset.asking;
  asking = setInterval(ask, ASK_EVERY);
}

function listen() {
  if (!("EventSource" in window)) {
    askAgainAndAgain();
    return;
  }
  const events = new EventSource(status.dataset.harvests);
  events.onopen = () => {
    clearInterval(asking);
    asking = null;
    status.textContent = status.dataset.live;
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
