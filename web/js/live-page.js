// What a page is told of its news: by events, or by asking again when those are refused.

const ASK_EVERY = 5000; // milliseconds, when events do not come through
const TRY_AGAIN = 30000; // milliseconds, before events are tried once more

// `status` says how news come: `words.live` or `words.asking`. `show` puts news into the page.
export function follow(status, address, words, show) {
  let asking = null;

  async function ask() {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json());
    } catch {
      // The server restarts: the next question finds it.
    }
  }

  function askAgainAndAgain() {
    if (asking !== null) return;
    status.textContent = words.asking;
    asking = setInterval(ask, ASK_EVERY);
  }

  function listen() {
    if (!("EventSource" in window)) {
      askAgainAndAgain();
      return;
    }
    const events = new EventSource(address);
    events.onopen = () => {
      clearInterval(asking);
      asking = null;
      status.textContent = words.live;
    };
    events.onmessage = (event) => show(JSON.parse(event.data));
    events.onerror = () => {
      // While it reconnects by itself there is nothing to do; when it gave up, ask and try again.
      if (events.readyState !== EventSource.CLOSED) return;
      askAgainAndAgain();
      setTimeout(listen, TRY_AGAIN);
    };
  }

  listen();
}
