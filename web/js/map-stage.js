// The first stage of the map: canvases coloured from id rasters, what the pointer or the
// crosshair is on, and what opening it means.

import { OTHER, UNKNOWN, shareClass } from "./map-data.js";
import { decode, degrees, lines, outline, paint } from "./map-raster.js";

const STEP = 0.025; // of the width, for each press of an arrow; a fifth of it with Shift

export class Stage {
  // `say(text)` speaks politely; `open(code)` goes to a territory or to the page of a commune.
  constructor(root, store, { say, open }) {
    this.root = root;
    this.store = store;
    this.say = say;
    this.open = open;
    this.group = root.querySelector("#map-group");
    this.canvas = root.querySelector("#map-canvas");
    this.marks = root.querySelector("#map-marks");
    this.cross = root.querySelector("#map-cross");
    this.tip = root.querySelector("#map-tip");
    this.wait = root.querySelector("#map-wait");
    this.at = [0.5, 0.5];
    this.rasters = new Map();
    this.listen();
  }

  theme() {
    const chosen = document.documentElement.dataset.theme;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const name = chosen || (dark ? "dark" : "light");
    const { palette, ink, paper, hatch } = this.store.data;
    return { palette: palette[name], ink: ink[name], paper: paper[name], hatch: hatch[name] };
  }

  address(view, frame) {
    const folder = `/ids/${this.store.data.generation}`;
    return view.territory === "FR" ? `${folder}/${frame}.webp` : `${folder}/territories/${view.territory}.webp`;
  }

  async raster(url) {
    const found = await this.store.once(url, decode);
    if (!found.bounds) {
      const frame = this.store.data.frames.find((one) => url.endsWith(`/${one.id}.webp`));
      Object.assign(found, { bounds: frame.bounds, epsg: frame.epsg });
    }
    return found;
  }

  // Draw a prepared view. The pixels of the picture and the array of states arrive side by side.
  async show(preparing, view) {
    const [prepared, raster] = await Promise.all([
      preparing,
      this.raster(this.address(view, "metropole")),
    ]);
    const same = this.view?.territory === view.territory;
    this.view = view;
    this.prepared = prepared;
    this.main = raster;
    this.edges = this.bordersOf(raster, prepared);
    this.repaint();
    this.wait.hidden = true;
    this.root.dataset.territory = view.territory;
    if (!same) this.leave();
    if (!performance.getEntriesByName("carte-coloree").length) performance.mark("carte-coloree");
    return view.territory === "FR" ? this.showInsets(prepared) : null;
  }

  bordersOf(raster, prepared) {
    const key = `${prepared.view.territory} ${prepared.view.level}`;
    raster.lines ??= new Map();
    if (!raster.lines.has(key)) raster.lines.set(key, lines(raster, prepared, this.store));
    return raster.lines.get(key);
  }

  repaint() {
    if (!this.main) return;
    const start = performance.now();
    paint(this.canvas, this.main, this.prepared.drawn, this.edges, this.theme());
    this.root.dataset.painted = (performance.now() - start).toFixed(1);
    if (this.view.territory === "FR") this.showInsets(this.prepared);
    this.changed?.();
  }

  async showInsets(prepared) {
    const canvases = [...document.querySelectorAll("#map-overlay canvas[data-frame]")];
    await Promise.all(canvases.map(async (canvas) => {
      const raster = await this.raster(`/ids/${this.store.data.generation}/${canvas.dataset.frame}.webp`);
      paint(canvas, raster, prepared.drawn, this.bordersOf(raster, prepared), this.theme());
    }));
  }

  // ------------------------------------------------------------------ what is under a point

  // The commune number at a share of the width and height; 0 is no land.
  number(across, down) {
    const { ids, width, height } = this.main;
    const x = Math.floor(across * width), y = Math.floor(down * height);
    return x < 0 || y < 0 || x >= width || y >= height ? 0 : ids[y * width + x];
  }

  degrees(across, down) {
    return degrees(this.main, across, down);
  }

  // What opening a commune number leads to, one step down, as a territory code and its name.
  // `near` is set by the second stage: who has zoomed in on a commune means that commune.
  async step(n) {
    const { departements, regions } = this.store.data;
    const { view, members } = this.prepared;
    const [code, name, region] = departements[this.store.departement[n] - 1];
    if (!members[n]) return { code: `DEP-${code}`, name };
    if (this.near?.()) return this.commune(n);
    if (view.territory === "FR") return { code: `REG-${region}`, name: regions[region] };
    if (view.territory.startsWith("REG-")) return { code: `DEP-${code}`, name };
    if (view.territory.startsWith("DEP-") && view.level === "epci") {
      const epci = await this.store.epci();
      const found = epci.list[epci.index[n] - 1];
      if (found) return { code: `EPCI-${found.code}`, name: found.name };
    }
    return this.commune(n);
  }

  async commune(n) {
    const [code, name] = (await this.store.names(this.store.departement[n]))[n];
    return { code: `COM-${code}`, name };
  }

  // What is said of a commune number: [title, details].
  async words(n) {
    const { data } = this.store;
    const { view, members, area, byArea, counts, status, epci } = this.prepared;
    const [, departement] = data.departements[this.store.departement[n] - 1];
    if (!members[n]) return [departement, data.tips.outside];
    if (!byArea || this.isolatesState() || this.near?.()) {
      const names = await this.store.names(this.store.departement[n]);
      return [`${names[n][1]} (${names[n][0]})`, `${data.marks[status[n]]} ${data.states[status[n]]}`, departement];
    }
    const title = view.level === "epci" ? epci.list[area[n] - 1]?.name ?? data.texts.no_epci : departement;
    return [title, this.share(counts[area[n]])];
  }

  isolatesState() {
    return Boolean(this.view.isolate) && !this.view.isolate.startsWith("share-");
  }

  share(counts) {
    const { tips, language } = this.store.data;
    const percent = (value) =>
      new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(value);
    const own = counts.communes - counts.other;
    const number = (value) => new Intl.NumberFormat(language).format(value);
    const kind = shareClass(counts);
    if (kind === OTHER) return tips.other;
    if (kind === UNKNOWN) return tips.nothing.replace("{own}", number(own));
    // Rounded down: "at least" must stay true.
    return tips.share
      .replace("{share}", percent(Math.floor((100 * counts.present) / own) / 100))
      .replace("{present}", number(counts.present))
      .replace("{own}", number(own))
      .replace("{known}", percent(Math.floor((100 * (own - counts.unknown)) / own) / 100));
  }

  // ------------------------------------------------------------------ pointing

  async point(n, x, y, spoken = false) {
    if (n === this.pointed && !spoken) {
      this.place(x, y);
      return;
    }
    this.pointed = n;
    this.highlight(n);
    if (!n) {
      this.hideTip();
      if (spoken) this.tell(this.store.data.texts.sea);
      return;
    }
    const [words, step] = await Promise.all([this.words(n), this.step(n)]).catch(() => [null]);
    if (!words || this.pointed !== n) return;
    this.tip.replaceChildren(
      ...words.map((text, i) => {
        const line = document.createElement(i ? "span" : "strong");
        line.textContent = text;
        return line;
      }),
    );
    const action = document.createElement("a");
    action.textContent = this.store.data.texts.open_territory.replace("{name}", step.name);
    action.href = this.href?.(step.code) ?? "#";
    action.tabIndex = -1;
    action.addEventListener("click", (event) => {
      event.preventDefault();
      this.open(step.code);
    });
    this.tip.append(action);
    this.tip.hidden = false;
    this.place(x, y);
    if (spoken) this.tell(`${words.join(", ")}. ${action.textContent}`);
  }

  tell(text) {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.say(text), 300); // arrows repeat: only the last is said
  }

  place(x, y) {
    const box = this.root.getBoundingClientRect();
    const { offsetWidth: wide, offsetHeight: tall } = this.tip;
    const left = Math.max(4, Math.min(x - wide / 2, box.width - wide - 4));
    const top = y - tall - 14 < 0 ? Math.min(y + 18, box.height - tall) : y - tall - 14;
    this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.pointed = undefined;
  }

  // Outline what the pointer is on: an area, a commune, or a neighbouring département.
  highlight(n) {
    const { members, area, byArea } = this.prepared;
    let key = 0;
    if (n) key = !members[n] ? -this.store.departement[n] : byArea && !this.isolatesState() ? area[n] + 1 : n;
    if (key === this.lit) return;
    this.lit = key;
    let belongs = null;
    if (n) {
      belongs = new Uint8Array(members.length);
      for (let i = 1; i < belongs.length; i++) {
        if (!members[n]) belongs[i] = !members[i] && this.store.departement[i] === -key ? 1 : 0;
        else if (byArea && !this.isolatesState()) belongs[i] = members[i] && area[i] + 1 === key ? 1 : 0;
        else belongs[i] = i === n ? 1 : 0;
      }
    }
    outline(this.marks, this.main, belongs, this.theme().ink);
  }

  leave() {
    if (this.main) this.highlight(0);
    this.hideTip();
    this.cross.hidden = true;
    this.at = [0.5, 0.5];
  }

  // ------------------------------------------------------------------ hands and keys

  listen() {
    const where = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const outer = this.root.getBoundingClientRect();
      return [
        (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height,
        event.clientX - outer.left, event.clientY - outer.top,
      ];
    };
    let leaving = 0;
    this.group.addEventListener("pointermove", (event) => {
      if (!this.main || event.pointerType === "touch") return;
      clearTimeout(leaving);
      const [across, down, x, y] = where(event);
      // While the pointer travels the tip lets it through; once it rests, the tip can be reached.
      this.tip.classList.add("passing");
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.tip.classList.remove("passing"), 600);
      this.point(this.number(across, down), x, y);
    });
    const away = () => {
      clearTimeout(leaving);
      // Long enough to reach the tip with the pointer.
      leaving = setTimeout(() => {
        this.hideTip();
        if (this.main) this.highlight(0);
      }, 250);
    };
    this.group.addEventListener("pointerleave", away);
    this.tip.addEventListener("pointerenter", () => clearTimeout(leaving));
    this.tip.addEventListener("pointerleave", away);
    this.group.addEventListener("click", async (event) => {
      if (!this.main) return;
      const [across, down, x, y] = where(event);
      const n = this.number(across, down);
      if (!n) return this.hideTip();
      // A finger has no hover: its first touch says, the tip's link or a second touch opens.
      if (event.pointerType === "touch" && this.touched !== n) {
        this.touched = n;
        return this.point(n, x, y, true);
      }
      this.open((await this.step(n)).code);
    });
    this.group.addEventListener("dblclick", (event) => event.preventDefault());
    this.group.addEventListener("focus", () => {
      if (this.group.matches(":focus-visible")) this.aim(0, 0);
    });
    this.group.addEventListener("blur", () => {
      this.cross.hidden = true;
      if (!this.root.matches(":hover")) away();
    });
    this.group.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.tip.hidden) this.hideTip();
    });
    addEventListener("theme", () => this.repaint());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  aim(dx, dy) {
    if (!this.main) return;
    this.at = [this.at[0] + dx, this.at[1] + dy].map((value) => Math.min(0.995, Math.max(0.005, value)));
    const box = this.canvas.getBoundingClientRect();
    const outer = this.root.getBoundingClientRect();
    const x = box.left - outer.left + this.at[0] * box.width;
    const y = box.top - outer.top + this.at[1] * box.height;
    this.cross.hidden = false;
    this.cross.style.transform = `translate(${x}px, ${y}px)`;
    this.point(this.number(...this.at), x, y, true);
  }

  async key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.main) return;
    const step = event.shiftKey ? STEP / 5 : STEP;
    const moves = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
    };
    if (moves[event.key]) this.aim(...moves[event.key]);
    else if (event.key === "Enter") {
      const n = this.number(...this.at);
      if (n) this.open((await this.step(n)).code);
    } else if (event.key === "+" || event.key === "=") this.zoom?.(1, this.at);
    else if (event.key === "-") this.zoom?.(-1, this.at);
    else if (event.key === "Escape") {
      this.leave();
      this.root.querySelector("#map-in").focus();
    } else return;
    event.preventDefault();
  }
}
