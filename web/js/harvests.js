// Live progress of the harvests. Without this script the page says how things were when it was
// opened; with it, rows follow the journal: by events, or by asking again when those are refused.

import { follow } from "./live-page.js";

const status = document.querySelector("[data-harvests]");

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

if (status) {
  const words = { live: status.dataset.live, asking: status.dataset.asking };
  follow(status, status.dataset.harvests, words, show);
}
