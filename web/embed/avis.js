// <guichet-avis procedure="…" screen="step-1" lang="fr">: five faces and "report a difficulty", on
// anybody's page. One file, no third party, no cookie, no inline style: it works under a strict
// security policy that allows this origin in script-src and connect-src.
const ORIGIN = new URL(import.meta.url).origin;
const WORDS = {
  fr: {
    ask: "Êtes-vous satisfait de cette démarche ?",
    faces: ["Très mécontent", "Mécontent", "Ni l’un ni l’autre", "Satisfait", "Très satisfait"],
    thanks: "Merci, votre avis est reçu.",
    open: "Signaler une difficulté",
    kind: "Que se passe-t-il ?",
    kinds: { unclear: "Je ne comprends pas", broken: "Ça ne marche pas", idea: "J’ai une idée" },
    more: "Précisions (facultatif) : ni nom, ni adresse, ni numéro",
    send: "Envoyer",
    scrubbed: "Relisez : nous avons ôté de vos mots ce qui semblait personnel. Envoyez de nouveau si le texte vous convient.",
    received: "Merci. Référence : ",
    choose: "Choisissez ce qui se passe.",
    lost: "L’envoi n’a pas abouti. Réessayez dans un instant.",
  },
  en: {
    ask: "Are you satisfied with this procedure?",
    faces: ["Very unhappy", "Unhappy", "Neither", "Happy", "Very happy"],
    thanks: "Thank you, your opinion is received.",
    open: "Report a difficulty",
    kind: "What is happening?",
    kinds: { unclear: "I do not understand", broken: "It does not work", idea: "I have an idea" },
    more: "Details (optional): no name, no address, no number",
    send: "Send",
    scrubbed: "Read again: we took out of your words what looked personal. Send again if the text suits you.",
    received: "Thank you. Reference: ",
    choose: "Choose what is happening.",
    lost: "It could not be sent. Try again in a moment.",
  },
};
const DARK = "--paper:#14181d;--text:#f2f4f7;--link:#8cb8ff;--line:#a9b1bc;--focus:#ffd166;--error:#ff9a85;color-scheme:dark";
const STYLE = `:host{--paper:#fff;--text:#1b1f24;--link:#0b4fb3;--line:#565d66;--focus:#0a5fff;--error:#b3260a;display:block;color-scheme:light;font:1rem/1.5 system-ui,sans-serif}
:host([theme=dark]){${DARK}}@media(prefers-color-scheme:dark){:host(:not([theme=light])){${DARK}}}
:host([hidden]),[hidden]{display:none!important}*{box-sizing:border-box}
.box{background:var(--paper);color:var(--text);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-wrap:anywhere}
p,fieldset{margin:0 0 .6rem;padding:0;border:0;min-width:0}legend{font-weight:600;padding:0}
.faces{display:flex;flex-wrap:wrap;gap:.4rem}
button,textarea{font:inherit;color:var(--text);background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.4rem .6rem;min-height:2.6rem;max-width:100%}
button{cursor:pointer}.face{display:flex;flex:1 1 6rem;flex-direction:column;align-items:center}
textarea{display:block;width:100%}label{display:block;min-height:24px}
summary{cursor:pointer;color:var(--link);min-height:24px;margin-top:.6rem}.wrong{color:var(--error)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}`;
const COLOURS = ["#f28b82", "#f6ae6c", "#f7d774", "#bfe07f", "#7fd08f"];
const MOUTHS = ["M9 24Q16 15 23 24", "M10 23Q16 19 22 23", "M10 22H22", "M10 20Q16 25 22 20", "M9 19Q16 29 23 19Z"];

// What crowd/scrubbing.py takes out, in its order.
const ibanIsOne = (text) => {
  const plain = text.replace(/[ .-]/g, "").toUpperCase();
  let rest = 0;
  for (const letter of plain.slice(4) + plain.slice(0, 4)) for (const digit of String(parseInt(letter, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
};
const RULES = [
  [/[A-Z0-9._%+'-]{1,64}(?:@|\s?\[at\]\s?|\s?\(at\)\s?)[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63})+/gi, () => "[@]"],
  [/\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]){11,30}\b/gi, (all) => (ibanIsOne(all) ? "[IBAN]" : all)],
  [/(^|[^0-9])([1-478][ .-]?\d{2}[ .-]?\d{2}[ .-]?(?:\d{2}|2[AB])[ .-]?\d{3}[ .-]?\d{3}(?:[ .-]?\d{2})?)(?![0-9])/gi, (_, before) => `${before}[NIR]`],
  [/(^|[^0-9])((?:(?:\+|00)[ .-]?\d{2}[ .-]?(?:\(0\))?[ .-]?|0)[1-9](?:[ ./-]?\d{2}){4})(?![0-9])/g, (_, before) => `${before}[tel]`],
  [/\b(?:[A-HJ-NP-TV-Z]{2}[ .-]?\d{3}[ .-]?[A-HJ-NP-TV-Z]{2}|\d{1,4}[ .-][A-HJ-NP-TV-Z]{2,3}[ .-](?:\d{2}|2[AB]))\b/gi, () => "[plaque]"],
];
export const scrub = (text) => RULES.reduce((words, [rule, mark]) => words.replace(rule, mark), text.replace(/[\u00a0\u2009\u202f]/g, " "));

// One element: its name, its attributes, what it holds. Never markup: pages may forbid it.
function make(name, attributes = {}, ...inside) {
  const made = name.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}
const face = (place) => {
  const ink = "#1b1f24";
  const eye = (cx) => make("svg:circle", { cx, cy: 12, r: 2, fill: ink });
  return make("svg:svg", { viewBox: "0 0 32 32", width: 36, height: 36, "aria-hidden": true }, make("svg:circle", { cx: 16, cy: 16, r: 15, fill: COLOURS[place], stroke: ink }), eye(11), eye(21), make("svg:path", { d: MOUTHS[place], fill: "none", stroke: ink, "stroke-width": 2 }));
};
const draw = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");

class Avis extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    const said = this.getAttribute("lang") || this.closest("[lang]")?.lang || "fr";
    this.language = said.toLowerCase().startsWith("en") ? "en" : "fr";
    const words = (this.words = WORDS[this.language]);
    this.once = {};
    const faces = words.faces.map((word, place) => {
      const button = make("button", { type: "button", class: "face" }, face(place), word);
      button.addEventListener("click", () => this.rate(place + 1));
      return button;
    });
    this.told = make("p", { role: "status" });
    this.faces = make("fieldset", {}, make("legend", {}, words.ask), make("div", { class: "faces" }, ...faces));
    this.comment = make("textarea", { rows: 3, maxlength: 1000 });
    const kinds = Object.entries(words.kinds).map(([value, word]) => make("label", {}, make("input", { type: "radio", name: "kind", value }), ` ${word}`));
    this.form = make("form", { novalidate: "" }, make("fieldset", {}, make("legend", {}, words.kind), ...kinds), make("label", {}, words.more, this.comment), make("p"), make("button", {}, words.send));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.report();
    });
    this.more = make("details", {}, make("summary", {}, words.open), this.form);
    this.shadowRoot.append(make("div", { class: "box", lang: this.language }, this.faces, this.more, this.told));
  }

  tell(words, wrong = false) {
    this.told.textContent = words;
    this.told.className = wrong ? "wrong" : "";
  }

  // One number a thing that is said: pressed twice, or sent again after a cut, it is one.
  async send(what, body) {
    if (this.busy) return null;
    this.busy = true;
    this.once[what] ??= draw();
    try {
      const answer = await fetch(`${ORIGIN}/api/v1/procedures/${encodeURIComponent(this.getAttribute("procedure") || "")}/voices`, {
        method: "POST",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ once: this.once[what], screen: scrub(this.getAttribute("screen") || "").slice(0, 60), lang: this.language, ...body }),
      });
      if (!answer.ok) throw new Error(`guichet-avis: ${answer.status}`);
      return await answer.json();
    } catch {
      this.tell(this.words.lost, true);
      return null;
    } finally {
      this.busy = false;
    }
  }

  async rate(level) {
    if (await this.send("face", { face: level })) {
      this.faces.hidden = true;
      this.tell(this.words.thanks);
    }
  }

  async report() {
    const kind = this.form.querySelector(":checked")?.value;
    if (!kind) return this.tell(this.words.choose, true);
    const comment = scrub(this.comment.value);
    if (comment !== this.comment.value.replace(/[\u00a0\u2009\u202f]/g, " ")) {
      this.comment.value = comment;
      this.comment.focus();
      return this.tell(this.words.scrubbed, true);
    }
    const answer = await this.send("difficulty", { kind, comment });
    if (answer) {
      this.more.hidden = true;
      this.tell(this.words.received + answer.reference);
    }
  }
}
if (!customElements.get("guichet-avis")) customElements.define("guichet-avis", Avis);
