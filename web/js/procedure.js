// Live results of a procedure, for its owner. Without this script the page says how things were when
// it was opened; with it, figures follow: by events, or by asking again when those are refused.

import { follow } from "./live-page.js";

const status = document.querySelector("[data-voices-live]");

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

if (status) {
  const words = { live: status.dataset.liveWords, asking: status.dataset.askingWords };
  follow(status, status.dataset.voicesLive, words, show);
}
