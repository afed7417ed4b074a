// The commune search as a combobox (ARIA Authoring Practices). Without this script it is a form.
const WAIT = 150; // ms after the last key: one question per pause, not per letter

class CommuneSearch {
  constructor(input) {
    this.input = input;
    this.found = [];
    this.active = -1;
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.id = `${input.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels[0]?.textContent ?? input.placeholder);
    this.list.hidden = true;
    input.after(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    })) {
      input.setAttribute(name, value);
    }
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  later() {
    this.forget();
    const asked = this.input.value.trim();
    if (asked.length < 2) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(asked), WAIT);
  }

  // An answer to what the field no longer says must not open a list.
  forget() {
    clearTimeout(this.timer);
    this.request?.abort();
  }

  async ask(asked) {
    this.request = new AbortController();
    try {
      const answer = await fetch(`/api/v1/search?limit=8&q=${encodeURIComponent(asked)}`, {
        signal: this.request.signal,
      });
      if (answer.ok) this.show((await answer.json()).results);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(results) {
    this.found = results;
    this.active = -1;
    this.list.replaceChildren(
      ...results.map((result, position) => {
        const item = document.createElement("li");
        item.id = `${this.list.id}-${position}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = `${result.name} (${result.departement})`;
        if (result.matched) item.append(` – ${result.matched}`);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.go(position);
        });
        return item;
      }),
    );
    this.list.hidden = results.length === 0;
    this.input.setAttribute("aria-expanded", String(results.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const { none, some } = this.input.dataset;
    document.getElementById("status").textContent = results.length
      ? some.replace("{count}", results.length)
      : none;
  }

  close() {
    this.forget();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const items = [...this.list.children];
    if (!items.length || this.list.hidden) return;
    this.active = (this.active + step + items.length) % items.length;
    items.forEach((item, position) =>
      item.setAttribute("aria-selected", String(position === this.active)),
    );
    this.input.setAttribute("aria-activedescendant", items[this.active].id);
    items[this.active].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!this.list.hidden) event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && this.active >= 0) {
      event.preventDefault();
      this.go(this.active);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  go(position) {
    const { code, name } = this.found[position];
    this.input.value = name;
    this.close();
    location.assign(this.input.dataset.commune.replace("CODE", code));
  }
}

for (const input of document.querySelectorAll("[data-search]")) new CommuneSearch(input);
