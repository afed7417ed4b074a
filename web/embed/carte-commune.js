// <guichet-commune code="42218" lang="fr">: a commune's card on its own site. Is the town hall open,
// how to reach it, which services are known, each with its proof. One file, no third party, no
// cookie, no inline style: it works under a strict security policy that allows this origin in
// script-src and connect-src. What is inside the element stays there without scripts, or when the
// card cannot be read.
const ORIGIN = new URL(import.meta.url).origin;
const WORDS = {
  fr: {
    loading: "Chargement…",
    lost: "La carte n’a pas pu être chargée.",
    again: "Réessayer",
    mairie: "Mairie",
    phone: "Téléphone",
    withheld: "non publié à la demande de la commune",
    email: "Courriel",
    site: "Site",
    services: "Services en ligne",
    by: "par",
    proof: "preuve",
    none: "Aucun service n’est encore connu.",
    unknown: (n) => (n > 1 ? `${n} services dont rien n’est connu encore.` : `${n} service dont rien n’est connu encore.`),
    from: "D’après Guichet, un site indépendant de l’administration",
    correct: "Tout voir, ou corriger",
  },
  en: {
    loading: "Loading…",
    lost: "The card could not be loaded.",
    again: "Try again",
    mairie: "Town hall",
    phone: "Phone",
    withheld: "not published, at the commune’s wish",
    email: "E-mail",
    site: "Web site",
    services: "Online services",
    by: "by",
    proof: "proof",
    none: "No service is known yet.",
    unknown: (n) => (n > 1 ? `${n} services of which nothing is known yet.` : `${n} service of which nothing is known yet.`),
    from: "According to Guichet, a site independent of the administration",
    correct: "See everything, or correct it",
  },
};
const DARK = "--paper:#14181d;--text:#f2f4f7;--link:#8cb8ff;--line:#a9b1bc;--focus:#ffd166;--soft:#c7cdd6;color-scheme:dark";
const STYLE = `:host{--paper:#fff;--text:#1b1f24;--link:#0b4fb3;--line:#565d66;--focus:#0a5fff;--soft:#4a525c;display:block;color-scheme:light;font:1rem/1.5 system-ui,sans-serif}
:host([theme=dark]){${DARK}}@media(prefers-color-scheme:dark){:host(:not([theme=light])){${DARK}}}
:host([hidden]),[hidden]{display:none!important}*{box-sizing:border-box}
.box{background:var(--paper);color:var(--text);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-wrap:anywhere}
.title{font-weight:700;font-size:1.15rem;margin:0 0 .4rem}.sub{font-weight:600;margin:.8rem 0 .3rem}
p,dl,ul{margin:0 0 .6rem}ul{padding:0;list-style:none}li{padding:.35rem 0;border-top:1px solid var(--line)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem .8rem}dt{font-weight:600}dd{margin:0}
a{color:var(--link);display:inline-block;min-height:24px}.small{font-size:.875rem;color:var(--soft)}
.state{display:inline-flex;align-items:center;gap:.4rem}
.mark{width:.85rem;height:.85rem;border:2px solid var(--text);border-radius:50%;flex:none}
.two-way .mark,.transaction .mark,.proactive .mark{background:var(--text)}
.information .mark,.one-way .mark{background:linear-gradient(90deg,var(--text) 50%,transparent 50%)}
.other-body .mark{border-radius:0;transform:rotate(45deg)}
.unknown .mark{border-style:dashed}
button{font:inherit;color:var(--text);background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.3rem .7rem;min-height:2.4rem;cursor:pointer}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}`;

// One element: its name, its attributes, what it holds. Never markup: pages may forbid it.
function make(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one != null));
  return made;
}
// Nothing but a page, a number or a mailbox: what a source wrote never becomes a script.
const link = (href, text, label) => (/^(https?:\/\/|tel:|mailto:)/i.test(href) ? make("a", { href, "aria-label": label }, text) : document.createTextNode(text));

class Commune extends HTMLElement {
  static observedAttributes = ["code", "lang"];

  connectedCallback() {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    }
    this.load();
  }

  attributeChangedCallback() {
    if (this.shadowRoot && this.isConnected) this.load();
  }

  async load() {
    const asked = (this.asked = {});
    const said = this.getAttribute("lang") || this.closest("[lang]")?.lang || "fr";
    this.language = said.toLowerCase().startsWith("en") ? "en" : "fr";
    this.words = WORDS[this.language];
    this.show(make("p", { role: "status" }, this.words.loading), make("slot"));
    try {
      const answer = await fetch(`${ORIGIN}/api/v1/communes/${encodeURIComponent(this.getAttribute("code") || "")}/card`, { credentials: "omit", referrerPolicy: "no-referrer" });
      if (!answer.ok) throw new Error(`guichet-commune: ${answer.status}`);
      const card = await answer.json();
      if (asked === this.asked) this.draw(card); // else another commune was asked for meanwhile
    } catch {
      if (asked !== this.asked) return;
      const again = make("button", { type: "button" }, this.words.again);
      again.addEventListener("click", () => this.load());
      this.show(make("p", { role: "status" }, this.words.lost), again, make("slot"));
    }
  }

  show(...inside) {
    this.shadowRoot.replaceChildren(make("section", { class: "box", lang: this.language, "aria-label": this.name }, ...inside));
  }

  draw(card) {
    const { words, language } = this;
    this.name = `${words.mairie} – ${card.name}`;
    const parts = [make("p", { class: "title" }, this.name)];
    const office = card.office;
    if (office) {
      parts.push(make("p", {}, make("strong", {}, office.hours.sentence[language])));
      const facts = make("dl");
      const fact = (name, value) => facts.append(make("dt", {}, name), make("dd", {}, value));
      if (office.phone) fact(words.phone, link(`tel:${office.phone.replace(/[^0-9+]/g, "")}`, office.phone));
      else if (office.phone_withheld) fact(words.phone, words.withheld);
      if (office.email) fact(words.email, link(`mailto:${office.email}`, office.email));
      if (office.website) fact(words.site, link(office.website, office.website));
      if (office.address) parts.push(make("p", { lang: "fr" }, office.address.replace(/\n/g, ", ")));
      if (facts.childElementCount) parts.push(facts);
    }
    parts.push(make("p", { class: "sub" }, words.services));
    const list = make("ul");
    for (const one of card.services) {
      const title = one.title[language];
      const state = make("span", { class: `state ${one.state}` }, make("span", { class: "mark", "aria-hidden": "true" }), one.words[language] + (one.provider ? `, ${words.by} ${one.provider[language]}` : ""));
      list.append(make("li", {}, one.url ? link(one.url, title) : title, " – ", state, " ", link(one.proof[language], words.proof, `${words.proof} : ${title}`)));
    }
    parts.push(list.childElementCount ? list : make("p", {}, words.none));
    if (card.unknown) parts.push(make("p", { class: "small" }, words.unknown(card.unknown)));
    parts.push(make("p", { class: "small" }, `${words.from}. `, link(card.page[language], words.correct)));
    this.show(...parts);
  }
}
if (!customElements.get("guichet-commune")) customElements.define("guichet-commune", Commune);
