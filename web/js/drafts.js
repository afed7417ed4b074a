// What is being written is kept on this device until it is sent, so that a reload loses nothing.
const form = document.querySelector("form[data-draft]");
if (form) {
  const key = `guichet-draft:${form.dataset.draft}`;
  const names = ["url", "hours", "comment", "wrong", "attributes", "title", "what", "partners", "cost", "months"];
  const fields = () => [...form.elements].filter((one) => names.includes(one.name));
  const read = () => { try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; } };
  const save = () => {
    const held = fields().map((one) => [one.name, one.value, one.type === "radio" || one.type === "checkbox" ? one.checked : null]);
    try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), held })); } catch { /* full or private */ }
  };
  const kept = read();
  const empty = fields().every((one) => (one.type === "radio" || one.type === "checkbox" ? !one.checked : !one.value));
  if (kept && empty) {
    for (const [name, value, checked] of kept.held) {
      for (const one of fields()) {
        if (one.name !== name) continue;
        if (checked === null) one.value = value;
        else if (one.value === value) one.checked = checked;
      }
    }
    const status = document.querySelector("#status");
    if (status) status.textContent = form.dataset.kept;
  }
  form.addEventListener("input", save);
  document.addEventListener("guichet-kept", () => { try { localStorage.removeItem(key); } catch { /* nothing kept */ } });
  form.addEventListener("submit", () => {
    // A second click while the first is on its way sends nothing.
    for (const button of form.querySelectorAll("button[type=submit]")) setTimeout(() => { button.disabled = true; }, 0);
  });
  window.addEventListener("pageshow", () => { for (const button of form.querySelectorAll("button")) button.disabled = false; });
}
