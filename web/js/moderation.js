// Keyboard shortcuts of the moderators' desk: single letters, so they can be switched off
// (WCAG 2.1.4), and they never act where somebody types. They move the focus; a click decides.
const KEY = "guichet-moderation-keys";
const control = document.querySelector("[data-keys-switch]");
let on = true;
try { on = localStorage.getItem(KEY) !== "off"; } catch { /* private mode: on */ }
if (control) {
  control.checked = on;
  control.addEventListener("change", () => {
    on = control.checked;
    try { localStorage.setItem(KEY, on ? "on" : "off"); } catch { /* not kept */ }
  });
}
const rows = [...document.querySelectorAll("[data-key-row]")];
const step = (by) => {
  const place = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, place < 0 ? 0 : place + by))]?.focus();
};
const actions = {
  j: () => step(1),
  k: () => step(-1),
  a: () => document.querySelector("[data-key-accept]")?.focus(),
  r: () => document.querySelector("#refuse-reason, #revert-reason")?.focus(),
  q: () => document.querySelector("#ask-reason")?.focus(),
  x: () => {
    const reason = document.querySelector("#author-reason");
    if (reason) { reason.closest("details").open = true; reason.focus(); }
  },
  "?": () => {
    const help = control?.closest("details");
    if (help) { help.open = true; help.querySelector("summary").focus(); }
  },
};
document.addEventListener("keydown", (event) => {
  if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = actions[event.key];
  if (act) { event.preventDefault(); act(); }
});
