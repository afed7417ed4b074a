// Contributing without a network: asks the service worker to keep what is written and to send it
// later, and lists what this device holds.
const worker = document.querySelector("[data-worker]")?.dataset;
const form = document.querySelector("form[data-draft]");
const list = document.querySelector("[data-drafts-list]");
let waiting = 0;
const status = document.querySelector("#status");
const say = (text) => { if (status) status.textContent = text; };

async function begin() {
  await navigator.serviceWorker.register(worker.worker, { scope: worker.scope });
  const { active } = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.drafts && show(data.drafts));
  active.postMessage({ flush: navigator.onLine });
  window.addEventListener("online", () => active.postMessage({ flush: true }));
  // A network that is back for the browser is not always back for the request that follows.
  setInterval(() => { if (waiting && navigator.onLine) active.postMessage({ flush: true }); }, 5000);
  form?.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const fields = [...new FormData(form).entries()].filter(([, value]) => typeof value === "string");
    const title = document.querySelector("h1").innerText.replaceAll("\n", " ");
    active.postMessage({ keep: { cle: crypto.randomUUID(), send: form.dataset.offline, title, fields } });
    document.dispatchEvent(new Event("guichet-kept"));
    form.reset();
    const notice = document.querySelector("[data-offline-notice]");
    notice.hidden = false;
    notice.focus();
  }, { capture: true });
}

function show(drafts) {
  list.closest("section").hidden = drafts.length === 0;
  list.replaceChildren(...drafts.map((draft) => {
    const line = document.createElement("li");
    line.dataset.state = draft.state;
    line.append(`${draft.title} – `);
    if (draft.follow) {
      const link = document.createElement("a");
      link.href = draft.follow;
      link.textContent = worker.sent;
      line.append(link);
    } else {
      line.append(draft.state === "refused" ? worker.refused : worker.waiting);
    }
    return line;
  }));
  waiting = drafts.filter((one) => one.state === "waiting").length;
  say(worker.count.replace("{count}", waiting));
}

if (worker && "serviceWorker" in navigator) begin().catch(() => { /* private mode: online only */ });
