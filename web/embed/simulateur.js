// <guichet-simulateur name="income-tax" lang="fr">: a simulator on anybody's page.
//
// The form is made from the schema that the API gives; the answer is the API's. One file, no
// third party, no cookie, no inline style: it works under a strict security policy that allows
// this origin in script-src and connect-src.
const ORIGIN = new URL(import.meta.url).origin;
const WAIT = 500; // ms after the last key, once there has been a first answer

const WORDS = {
  fr: {
    loading: "Chargement du simulateur…",
    lost: "Le simulateur n’a pas pu être chargé.",
    again: "Réessayer",
    more: "Préciser la situation",
    choose: "Choisissez…",
    required: "(obligatoire)",
    ask: "Calculer",
    wait: "Calcul en cours…",
    busy: "Le simulateur est très demandé : réessayez dans quelques secondes.",
    number: "Écrivez un nombre, par exemple 1250 ou 12,5.",
    fix: "À corriger : {n}",
    by: "Par défaut : {value}.",
    detail: "Comment ce montant est fait",
    supposed: "Ce qui a été supposé",
    columns: ["Ligne", "Montant", "Texte"],
    law: "Droit au {day}, modèle {model}.",
    whole: "Le simulateur complet sur Guichet",
    path: "simulateurs",
    yes: "oui",
    no: "non",
    share: "part : 0,05 pour 5 %",
    units: { "EUR/month": "€ par mois", "EUR/year": "€ par an", EUR: "€", people: "personnes", shares: "parts", quarters: "trimestres", years: "ans", months: "mois" },
  },
  en: {
    loading: "Loading the simulator…",
    lost: "The simulator could not be loaded.",
    again: "Try again",
    more: "Say more",
    choose: "Choose…",
    required: "(required)",
    ask: "Calculate",
    wait: "Calculating…",
    busy: "The simulator is in great demand: try again in a few seconds.",
    number: "Write a number, such as 1250 or 12.5.",
    fix: "To correct: {n}",
    by: "By default: {value}.",
    detail: "How this amount is made",
    supposed: "What was supposed",
    columns: ["Line", "Amount", "Legal text"],
    law: "Law as of {day}, model {model}.",
    whole: "The complete simulator on Guichet",
    path: "simulators",
    yes: "yes",
    no: "no",
    share: "a share: 0.05 for 5%",
    units: { "EUR/month": "€ per month", "EUR/year": "€ per year", EUR: "€", people: "people", shares: "shares", quarters: "quarters", years: "years", months: "months" },
  },
};

const STYLE = `
:host { --paper: #fff; --text: #1b1f24; --muted: #565d66; --link: #0b4fb3; --focus: #0a5fff; --error: #b3260a; --line: #c9ced5; --soft: #f3f5f8; --brand: #0b3c8c; --ink: #fff;
  display: block; color-scheme: light; container-type: inline-size; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); text-align: start; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { --paper: #14181d; --text: #f2f4f7; --muted: #a9b1bc; --link: #8cb8ff; --focus: #ffd166; --error: #ff9a85; --line: #444c56; --soft: #1d2228; --brand: #bde5fd; --ink: #14181d; color-scheme: dark; } }
:host([theme="dark"]) { --paper: #14181d; --text: #f2f4f7; --muted: #a9b1bc; --link: #8cb8ff; --focus: #ffd166; --error: #ff9a85; --line: #444c56; --soft: #1d2228; --brand: #bde5fd; --ink: #14181d; color-scheme: dark; }
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
.box { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; overflow-wrap: anywhere; }
.title { font-size: 1.3rem; font-weight: 700; line-height: 1.25; margin: 0 0 .5rem; }
.sub { font-size: 1.05rem; font-weight: 700; margin: 1rem 0 .4rem; }
p, dl, ul { margin: 0 0 .8rem; } ul { padding-left: 1.2rem; }
.field { display: flex; flex-direction: column; gap: .2rem; align-items: flex-start; margin: 0 0 .9rem; }
label { font-weight: 600; } .tick { font-weight: 400; display: inline-flex; gap: .5rem; align-items: center; min-height: 2rem; }
input, select, textarea, button { font: inherit; max-width: 100%; min-height: 2.6rem; padding: .4rem .7rem; border: 1px solid var(--muted); border-radius: 8px; background: var(--paper); color: var(--text); }
input:not([type=checkbox]), textarea { width: 20rem; } input[type=checkbox] { min-height: 0; width: 1.25rem; height: 1.25rem; accent-color: var(--brand); flex: none; }
button { font-weight: 600; background: var(--brand); border-color: var(--brand); color: var(--ink); cursor: pointer; }
summary { cursor: pointer; color: var(--link); min-height: 24px; margin-bottom: .6rem; }
a { color: var(--link); } .muted { color: var(--muted); font-size: .92rem; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
[aria-invalid=true] { border: 2px solid var(--error); } .wrong { color: var(--error); margin: 0; }
.figure { font-size: 1.8rem; font-weight: 700; display: block; }
.answer { border-top: 4px solid var(--brand); padding-top: .8rem; margin-top: 1rem; } .answer:empty { display: none; }
.call { background: var(--soft); border-left: 5px solid var(--brand); padding: .7rem 1rem; }
dl { display: grid; grid-template-columns: minmax(0, max-content) minmax(0, 1fr); gap: .2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 26rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } }
`;

// One element: its name, its attributes, and what it holds. Never markup: pages may forbid it.
function make(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...inside.flat().filter((one) => one != null && one !== false));
  return made;
}

const number = (text) => {
  const tidy = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  return /^[+-]?(\d{1,15}(\.\d{0,10})?|\.\d{1,10})$/.test(tidy) ? Number(tidy) : null;
};

// How each kind of input is drawn and read; the kinds are those of the pages of the site. `read`
// gives undefined for what was not said, and null for what cannot be read.
const typed = (one) => make("input", { inputmode: one.type === "integer" ? "numeric" : "decimal", autocomplete: "off", maxlength: 30 });
const readNumber = (control) => (control.value.trim() ? number(control.value) : undefined);
const KINDS = {
  number: { draw: typed, read: readNumber },
  integer: { draw: typed, read: readNumber },
  boolean: {
    draw: (one) => {
      const box = make("input", { type: "checkbox" });
      box.checked = one.default === true;
      return box;
    },
    read: (control, one) => (control.checked === (one.default ?? false) && one.default !== undefined ? undefined : control.checked),
  },
  string: {
    draw: (one, words, language) =>
      make(
        "select",
        {},
        one.default === undefined && make("option", { value: "" }, words.choose),
        one.enum.map((word) =>
          make("option", { value: word, selected: word === one.default }, one["x-options"][word][language]),
        ),
      ),
    read: (control, one) => (control.value === "" || control.value === one.default ? undefined : control.value),
  },
  array: {
    draw: () => make("textarea", { rows: 4, spellcheck: "false", autocomplete: "off" }),
    read: (control) => {
      const parts = control.value.split(/[\s;]+/).filter(Boolean).map(number);
      return parts.length === 0 ? undefined : parts.includes(null) ? null : parts;
    },
  },
  date: {
    draw: (one) => make("input", { type: "date", min: one["x-minimum"], max: one["x-maximum"] }),
    read: (control) => control.value || undefined,
  },
  object: {
    draw: () => make("textarea", { rows: 4, spellcheck: "false", autocomplete: "off" }),
    read: (control) => {
      const pairs = control.value.replace(/\s*:\s*/g, ":").split(/[\s;]+/).filter(Boolean).map((pair) => pair.split(":"));
      const found = Object.fromEntries(pairs.map(([year, amount]) => [year, number(amount ?? "")]));
      if (pairs.length === 0) return undefined;
      return Object.keys(found).length < pairs.length || Object.values(found).includes(null) ? null : found;
    },
  },
};

// A kind that is not known here is refused: an input left out would be a silent default.
function kindOf(name, one) {
  const known = KINDS[one.format === "date" ? "date" : one.type];
  const fits =
    (one.type !== "string" || one.enum || one.format === "date") &&
    (one.type !== "object" || one.additionalProperties?.type === "number") &&
    (one.type !== "array" || ["number", "integer"].includes(one.items?.type));
  if (!known || !fits) throw new TypeError(`guichet-simulateur: no control for the input "${name}"`);
  return known;
}

let sheet;
const style = () => {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
};

class Simulateur extends HTMLElement {
  static observedAttributes = ["name", "lang"];

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open", delegatesFocus: true });
      this.shadowRoot.adoptedStyleSheets = [style()];
    }
    this.load();
  }

  disconnectedCallback() {
    this.question?.abort();
    clearTimeout(this.timer);
  }

  attributeChangedCallback(_name, before, after) {
    if (this.shadowRoot && before !== after) this.load();
  }

  get language() {
    const said = this.getAttribute("lang") || this.closest("[lang]")?.lang || "fr";
    return said.toLowerCase().startsWith("en") ? "en" : "fr";
  }

  async load() {
    this.words = WORDS[this.language];
    const mine = (this.loading = Symbol("load"));
    const language = this.language;
    this.shadowRoot.replaceChildren(make("div", { class: "box", lang: language, role: "status" }, this.words.loading));
    const name = encodeURIComponent(this.getAttribute("name") || "");
    this.door = `${ORIGIN}/api/v1/simulators/${name}`;
    try {
      const answer = await fetch(`${this.door}/schema?lang=${language}`, { credentials: "omit" });
      if (!answer.ok) throw new Error(`guichet-simulateur: ${answer.status} for "${name}"`);
      const schema = await answer.json();
      if (mine === this.loading) this.draw(schema);
    } catch (error) {
      if (mine !== this.loading) return;
      console.error(error);
      const again = make("button", { type: "button" }, this.words.again);
      again.addEventListener("click", () => this.load());
      this.shadowRoot.replaceChildren(
        make("div", { class: "box", lang: language, role: "alert" }, make("p", {}, this.words.lost), again, make("slot")),
      );
    }
  }

  draw(schema) {
    this.schema = schema;
    this.fields = new Map();
    const first = [];
    const others = [];
    for (const [name, one] of Object.entries(schema.properties)) {
      const asked = schema.required.includes(name) || name === schema["x-principal"];
      (asked ? first : others).push(this.field(name, one));
    }
    this.form = make(
      "form",
      { novalidate: true },
      first,
      others.length > 0 && make("details", {}, make("summary", {}, this.words.more), others),
      make("button", { type: "submit" }, this.words.ask),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(true);
    });
    this.form.addEventListener("input", () => {
      clearTimeout(this.timer);
      if (this.answered) this.timer = setTimeout(() => this.ask(false), WAIT);
    });
    this.answered = false;
    this.answer = make("div", { class: "answer" });
    this.said = make("p", { role: "status", class: "hidden" });
    this.shadowRoot.replaceChildren(
      make(
        "div",
        { class: "box", lang: this.language, role: "group", "aria-labelledby": "title" },
        make("p", { class: "title", id: "title" }, schema.title),
        make("p", {}, schema.description),
        this.form,
        this.said,
        this.answer,
      ),
    );
  }

  field(name, one) {
    const kind = kindOf(name, one);
    const control = kind.draw(one, this.words, this.language);
    const required = this.schema.required.includes(name);
    const ids = { control: `input-${name}`, hint: `hint-${name}`, wrong: `wrong-${name}` };
    control.id = ids.control;
    control.setAttribute("aria-describedby", `${ids.wrong} ${ids.hint}`);
    if (required) control.setAttribute("aria-required", "true");
    const unit = one["x-unit"] === "share" ? this.words.share : this.words.units[one["x-unit"]];
    const known = typeof one.default === "number" && this.words.by.replace("{value}", this.plain(one.default, one));
    const law = one["x-law"] && make("a", { href: one["x-law"].url, lang: "fr", rel: "noreferrer" }, one["x-law"].citation);
    const hint = make("span", { class: "muted", id: ids.hint }, one.description, " ", known || "", law ? " " : "", law);
    const wrong = make("p", { class: "wrong", id: ids.wrong });
    const words = [one.title, unit && ` (${unit})`, required && ` ${this.words.required}`];
    this.fields.set(name, { one, kind, control, wrong });
    return one.type === "boolean"
      ? make("div", { class: "field" }, make("label", { class: "tick", for: ids.control }, control, words), hint, wrong)
      : make("div", { class: "field" }, make("label", { for: ids.control }, words), control, hint, wrong);
  }

  // What was said, as the API takes it; null when something cannot be read.
  inputs() {
    const found = {};
    const wrong = new Map();
    for (const [name, { one, kind, control }] of this.fields) {
      const value = kind.read(control, one);
      if (value === null) wrong.set(name, this.words.number);
      else if (value !== undefined) found[name] = value;
    }
    return { found, wrong };
  }

  async ask(pressed) {
    clearTimeout(this.timer);
    this.question?.abort();
    const mine = (this.question = new AbortController());
    const { found, wrong } = this.inputs();
    if (wrong.size > 0) return this.mark(wrong, pressed);
    this.tell(this.words.wait);
    try {
      const answer = await fetch(this.door, {
        method: "POST",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(found),
        signal: mine.signal,
      });
      const body = await answer.json();
      if (mine !== this.question) return;
      if (answer.ok) this.show(body);
      else if (answer.status === 422) this.refuse(body.errors, pressed);
      else this.fail();
    } catch (error) {
      if (error.name !== "AbortError") this.fail();
    }
  }

  fail() {
    this.answer.replaceChildren(make("p", { class: "call" }, this.words.busy));
    this.tell(this.words.busy);
  }

  refuse(faults, pressed) {
    const wrong = new Map();
    const loose = [];
    for (const fault of faults) {
      const name = fault.pointer.split("/")[1] ?? "";
      if (this.fields.has(name)) wrong.set(name, fault.message[this.language]);
      else loose.push(make("li", {}, fault.message[this.language]));
    }
    this.mark(wrong, pressed);
    if (loose.length > 0) this.answer.replaceChildren(make("ul", {}, loose));
  }

  mark(wrong, pressed) {
    let first;
    for (const [name, { control, wrong: place }] of this.fields) {
      const words = wrong.get(name);
      place.textContent = words ?? "";
      if (words) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
      if (words) first ??= control;
    }
    if (wrong.size > 0) {
      this.answer.replaceChildren();
      this.tell(this.words.fix.replace("{n}", wrong.size));
    }
    if (first && pressed) {
      const folded = first.closest("details");
      if (folded) folded.open = true;
      first.focus();
    }
  }

  tell(words) {
    this.said.textContent = words;
  }

  plain(value, one) {
    return one["x-unit"] === "year" ? String(value) : value.toLocaleString(this.language, { maximumFractionDigits: 4 });
  }

  money(value, unit) {
    if (value === null) return "–";
    if (typeof value === "boolean") return value ? this.words.yes : this.words.no;
    if (Array.isArray(value)) return value.map((one) => this.money(one, unit)).join(" ; ");
    if (typeof value !== "number") return String(value);
    if (unit === "share") return value.toLocaleString(this.language, { style: "percent", maximumFractionDigits: 2 });
    if (unit === "year") return String(value);
    const euros = unit?.startsWith("EUR");
    const digits = euros && !Number.isInteger(value) ? 2 : 0;
    const text = value.toLocaleString(this.language, { minimumFractionDigits: digits, maximumFractionDigits: 2 });
    const words = this.words.units[unit] ?? unit ?? "";
    return `${text}\u00a0${words}`.trim();
  }

  show(result) {
    this.mark(new Map(), false);
    this.answered = true;
    const at = (text) => text[this.language];
    const main = result.figures.find((one) => one.value === result.value);
    const title = main ? at(main.label) : this.schema.title;
    const value = this.money(result.value, result.unit);
    const open = [...this.answer.querySelectorAll("details")].map((one) => one.open);
    const day = new Date(`${result.law_date}T12:00:00Z`).toLocaleDateString(this.language, { dateStyle: "long" });
    const option = (name, given) => this.schema.properties[name]?.["x-options"]?.[given]?.[this.language];
    const lines = result.breakdown.map((line) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, at(line.label)),
        make("td", { class: "n" }, this.money(line.amount, line.unit)),
        make("td", {}, line.law ? make("a", { href: line.law.url, lang: "fr", rel: "noreferrer" }, line.law.citation) : "–"),
      ),
    );
    const facts = (pairs) => make("dl", {}, pairs.map(([name, words]) => [make("dt", {}, name), make("dd", {}, words)]).flat());
    this.answer.replaceChildren(
      make("p", {}, title, make("strong", { class: "figure" }, value)),
      ...result.warnings.map((one) => make("p", { class: "call" }, at(one))),
      make("p", {}, make("strong", {}, at(result.notice))),
      facts(result.figures.map((one) => [at(one.label), this.money(one.value, one.unit)])),
      make(
        "details",
        { open: open[0] },
        make("summary", {}, this.words.detail),
        make(
          "div",
          { class: "scroll", tabindex: 0, role: "region", "aria-label": this.words.detail },
          make(
            "table",
            {},
            make("caption", { class: "hidden" }, this.words.detail),
            make("thead", {}, make("tr", {}, this.words.columns.map((one, place) => make("th", { scope: "col", class: place === 1 ? "n" : null }, one)))),
            make("tbody", {}, lines),
          ),
        ),
      ),
      make(
        "details",
        { open: open[1] },
        make("summary", {}, this.words.supposed),
        facts(result.assumptions.map((one) => [at(one.label), option(one.input, one.value) ?? this.money(one.value, one.unit)])),
      ),
      make("p", { class: "muted" }, this.words.law.replace("{day}", day).replace("{model}", result.model)),
      make("p", {}, make("a", { href: `${ORIGIN}/${this.language}/${this.words.path}`, target: "_blank", rel: "noopener" }, this.words.whole)),
    );
    this.tell(`${title} : ${value}`);
  }
}

if (!customElements.get("guichet-simulateur")) customElements.define("guichet-simulateur", Simulateur);
