// Buttons that copy a text of the page. Without this script the text is there to be selected.
const status = document.getElementById("status");
for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  if (!text) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      status.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(text); // refused: one key is left to press
    }
  });
}
