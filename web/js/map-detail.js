// The second stage: vector tiles drawn by MapLibre, loaded when somebody asks to look closer.
// Tiles carry numbers only; colours are feature states, so a change of service, of date or of
// theme fetches no tile.

import { UNKNOWN } from "./map-data.js";

const NEAR = 8.5; // from this zoom on, what is pointed at is a commune
const COMMUNES = "communes";
const STATE = ["coalesce", ["feature-state", "drawn"], UNKNOWN];

export class Detail {
  constructor(place, store, stage, { maplibre, maplibreCss }) {
    this.place = place;
    this.store = store;
    this.stage = stage;
    this.addresses = { maplibre, maplibreCss };
  }

  async open(centre) {
    const style = new Promise((done, failed) => {
      if (document.querySelector("link[data-maplibre]")) return done();
      const link = document.createElement("link");
      Object.assign(link, { rel: "stylesheet", href: this.addresses.maplibreCss, onload: done, onerror: failed });
      link.dataset.maplibre = "";
      document.head.append(link);
    });
    const [library] = await Promise.all([import(this.addresses.maplibre), style]);
    this.place.hidden = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const west = this.stage.degrees(0, 0.5)[0], east = this.stage.degrees(1, 0.5)[0];
    const north = this.stage.degrees(0.5, 0)[1], south = this.stage.degrees(0.5, 1)[1];
    const map = new library.Map({
      container: this.place,
      style: this.style(this.stage.theme()),
      bounds: [west, south, east, north],
      minZoom: 3,
      maxZoom: 14,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      keyboard: false, // our own keys: arrows, +, -, Enter, Escape
      renderWorldCopies: false,
      fadeDuration: 0,
    });
    this.map = map;
    map.touchZoomRotate.disableRotation();
    const canvas = map.getCanvas();
    canvas.setAttribute("aria-label", this.stage.canvas.getAttribute("aria-label"));
    canvas.setAttribute("role", "img");
    canvas.tabIndex = -1;
    this.place.tabIndex = 0;
    this.place.setAttribute("role", "group");
    this.place.setAttribute("aria-label", this.stage.group.getAttribute("aria-label"));
    await new Promise((ready, failed) => {
      map.once("load", ready);
      map.once("error", ({ error }) => failed(error));
    });
    map.addImage("hatch", hatch(this.stage.theme().hatch), { pixelRatio: 2 });
    map.addLayer({
      id: "hatch", type: "fill", source: COMMUNES, "source-layer": "communes",
      paint: { "fill-pattern": "hatch", "fill-opacity": ["case", ["==", STATE, UNKNOWN], 0.55, 0] },
    }, "borders");
    this.show(this.stage.prepared);
    if (centre) map.jumpTo({ center: centre, zoom: map.getZoom() + 1.5 });
    map.on("mousemove", COMMUNES, ({ point, features }) =>
      this.stage.point(features[0].id, point.x, point.y));
    map.on("mouseleave", COMMUNES, () => this.stage.hideTip());
    map.on("click", COMMUNES, ({ features }) => this.follow(features[0].id));
    this.keys = (event) => this.key(event);
    this.place.addEventListener("keydown", this.keys);
    this.place.focus({ preventScroll: true });
  }

  style(theme) {
    const { data } = this.store;
    const [minzoom, maxzoom] = data.zooms;
    const origin = location.origin;
    const colours = ["match", STATE, ...theme.palette.flatMap((colour, i) => [i, colour]), theme.palette[0]];
    return {
      version: 8,
      sources: {
        [COMMUNES]: {
          type: "vector",
          tiles: [`${origin}/tiles/${data.generation}/communes/{z}/{x}/{y}.mvt`],
          minzoom, maxzoom,
        },
      },
      layers: [
        { id: COMMUNES, type: "fill", source: COMMUNES, "source-layer": "communes",
          paint: { "fill-color": colours, "fill-antialias": true } },
        { id: "borders", type: "line", source: COMMUNES, "source-layer": "communes",
          paint: { "line-color": theme.ink, "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.1, 9, 0.5, 12, 1],
                   "line-opacity": ["interpolate", ["linear"], ["zoom"], 6, 0.1, 10, 0.45] } },
        // A pale edge under each line keeps it visible on the darkest classes.
        ...["departements", "regions"].flatMap((layer, i) => [["edge", 1.6, 0.55], ["", 0, 0.85]].map(
          ([under, wider, opacity]) => ({
            id: layer + under, type: "line", source: COMMUNES, "source-layer": layer,
            paint: { "line-color": under ? theme.paper : theme.ink,
                     "line-width": (i ? 1.8 : 1.1) + wider, "line-opacity": opacity },
          }))),
      ],
    };
  }

  // Colour every commune; some 20 ms for the country, and no tile is fetched.
  show(prepared) {
    if (!this.map) return;
    const { drawn } = prepared;
    const start = performance.now();
    const target = { source: COMMUNES, sourceLayer: "communes", id: 0 };
    let changed = 0;
    for (let n = 1; n < drawn.length; n++) {
      if (this.drawn?.[n] === drawn[n]) continue;
      target.id = n;
      this.map.setFeatureState(target, { drawn: drawn[n] });
      changed++;
    }
    const told = () => { this.place.dataset.painted = (performance.now() - start).toFixed(0); };
    // Two frames later, what the graphics process was given is on the screen.
    const shown = () => requestAnimationFrame(() => requestAnimationFrame(told));
    if (changed) this.map.once("idle", shown);
    else this.place.dataset.painted ??= "0";
    this.drawn = drawn.slice();
    if (this.territory && this.territory !== prepared.view.territory) this.fit();
    this.territory = prepared.view.territory;
  }

  repaint(prepared, theme) {
    if (!this.map?.isStyleLoaded()) return;
    if (this.painted !== theme.palette.join()) {
      const { layers } = this.style(theme);
      for (const layer of layers)
        for (const [name, value] of Object.entries(layer.paint)) this.map.setPaintProperty(layer.id, name, value);
      this.map.updateImage("hatch", hatch(theme.hatch));
      this.painted = theme.palette.join();
    }
    this.show(prepared);
  }

  fit() {
    const [west] = this.stage.degrees(0, 0.5), [east] = this.stage.degrees(1, 0.5);
    const north = this.stage.degrees(0.5, 0)[1], south = this.stage.degrees(0.5, 1)[1];
    this.map.fitBounds([west, south, east, north], { animate: !this.still });
  }

  async follow(n) {
    this.stage.open((await this.stage.step(n)).code);
  }

  near() {
    return this.map?.getZoom() >= NEAR;
  }

  under() {
    const { clientWidth, clientHeight } = this.place;
    const [found] = this.map.queryRenderedFeatures([clientWidth / 2, clientHeight / 2], { layers: [COMMUNES] });
    return found?.id ?? 0;
  }

  zoom(by) {
    const zoom = this.map.getZoom() + by;
    if (this.still) this.map.jumpTo({ zoom });
    else this.map.easeTo({ zoom, duration: 250 });
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pan = event.shiftKey ? 20 : 90;
    const moves = { ArrowLeft: [-pan, 0], ArrowRight: [pan, 0], ArrowUp: [0, -pan], ArrowDown: [0, pan] };
    if (moves[event.key]) {
      this.map.panBy(moves[event.key], { animate: !this.still, duration: 150 });
      this.map.once("moveend", () =>
        this.stage.point(this.under(), this.place.clientWidth / 2, this.place.clientHeight / 2, true));
    } else if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (event.key === "Enter") {
      const n = this.under();
      if (n) this.follow(n);
    } else if (event.key === "Escape") this.place.dispatchEvent(new CustomEvent("overview"));
    else return;
    event.preventDefault();
  }

  close() {
    this.place.removeEventListener("keydown", this.keys);
    this.map?.remove();
    this.map = null;
    this.place.hidden = true;
    this.stage.hideTip();
  }
}

// Two tiles of 45 degree lines, as an image for fill-pattern.
function hatch(colour) {
  const size = 16;
  const canvas = new OffscreenCanvas(size, size);
  const brush = canvas.getContext("2d");
  brush.strokeStyle = colour;
  brush.lineWidth = 2;
  brush.beginPath();
  for (const start of [-size, 0, size]) {
    brush.moveTo(start, size);
    brush.lineTo(start + size, 0);
  }
  brush.stroke();
  return brush.getImageData(0, 0, size, size);
}
