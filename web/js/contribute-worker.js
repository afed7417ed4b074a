// The service worker of /contribuer: pages that were opened open again without a network, and what
// was written meanwhile is sent when it is back, once each, in the order in which it was written.
// A classic script: module workers are not everywhere yet.
const CACHE = "guichet-contribute-1";
const READING = 2200; // ms: a form that is sent sooner than a person can read is set apart
const SENT_KEPT = 20; // links of what was sent, kept on this device

const database = () => new Promise((resolve, reject) => {
  const asked = indexedDB.open("guichet-contribute", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "cle" });
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});
const store = async (mode, act) => {
  const db = await database();
  return new Promise((resolve, reject) => {
    const turn = db.transaction("drafts", mode);
    const asked = act(turn.objectStore("drafts"));
    turn.oncomplete = () => { db.close(); resolve(asked.result); };
    turn.onerror = () => { db.close(); reject(turn.error); };
  });
};
const all = async () => (await store("readonly", (drafts) => drafts.getAll())).sort((a, b) => a.at - b.at);
const put = (draft) => store("readwrite", (drafts) => drafts.put(draft));
const drop = (cle) => store("readwrite", (drafts) => drafts.delete(cle));

const tell = async () => {
  const drafts = (await all()).map(({ cle, title, state, follow, at }) => ({ cle, title, state, follow, at }));
  for (const page of await self.clients.matchAll()) page.postMessage({ drafts });
};

let flushing = null;
const flush = () => (flushing ??= send().finally(() => { flushing = null; }));

async function send() {
  for (const draft of await all()) {
    if (draft.state !== "waiting") continue;
    const asked = await fetch(draft.send, { cache: "no-store" });
    if (!asked.ok) return;
    const { jeton } = await asked.json();
    await new Promise((resolve) => setTimeout(resolve, READING));
    const body = new URLSearchParams([...draft.fields.filter(([name]) => name !== "jeton"), ["jeton", jeton], ["cle", draft.cle]]);
    const answer = await fetch(draft.send, { method: "POST", body });
    if (answer.ok) {
      const { follow } = await answer.json();
      await put({ ...draft, state: "sent", follow, fields: [] });
    } else if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      await put({ ...draft, state: "refused" });
    } else {
      return; // later: the server is busy or away
    }
    await tell();
  }
  const sent = (await all()).filter((one) => one.state === "sent");
  for (const old of sent.slice(0, -SENT_KEPT)) await drop(old.cle);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("guichet-contribute-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
  await flush().catch(() => {});
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const step = /^\/(fr\/contribuer|en\/contribute)$/.test(url.pathname);
  if (request.mode === "navigate" && step) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(request));
});

async function page(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

async function asset(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

self.addEventListener("message", (event) => {
  const { keep, forget } = event.data ?? {};
  event.waitUntil((async () => {
    if (keep) {
      await put({ ...keep, state: "waiting", at: Date.now() });
      await self.registration.sync?.register("drafts").catch(() => {});
    }
    if (forget) await drop(forget);
    await tell();
    if (event.data?.flush) await flush().catch(() => {});
  })());
});
self.addEventListener("sync", (event) => { if (event.tag === "drafts") event.waitUntil(flush()); });
