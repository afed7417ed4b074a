// Id rasters: pictures whose pixels are commune numbers (red * 256 + green). Colouring one is a
// lookup, about a millisecond for the whole country.

import { OUTSIDE, UNKNOWN } from "./map-data.js";

const HATCH_STEP = 7; // pixels between two lines of the hatch
const HATCH = 0.6; // strength of the hatch, from the fill to the line's own colour
const COAST = 0.85, MIDDLE = 0.5, FINE = 0.2; // strength of the lines

// {ids, width, height, bounds, epsg, corners}. No colour management: the pixels are numbers.
export async function decode(answer) {
  const blob = await answer.blob();
  const picture = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush.drawImage(picture, 0, 0);
  picture.close();
  const pixels = brush.getImageData(0, 0, width, height).data;
  const ids = new Uint16Array(width * height);
  for (let i = 0, p = 0; i < ids.length; i++, p += 4) ids[i] = (pixels[p] << 8) | pixels[p + 1];
  const numbers = (name) => answer.headers.get(name)?.split(" ").map(Number);
  return {
    ids, width, height,
    bounds: numbers("X-Guichet-Bounds"),
    corners: numbers("X-Guichet-Corners"),
    epsg: numbers("X-Guichet-Projection")?.[0],
  };
}

export function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
const mix = (a, b, share) => a.map((value, i) => Math.round(value + (b[i] - value) * share));

// Where lines run: three lists of pixels, from the faintest to the strongest.
export function lines(raster, prepared, territory) {
  const { ids, width, height } = raster;
  const { members, area, byArea, view } = prepared;
  const departement = territory.departement;
  const fine = [], middle = [], strong = [];
  const close = view.territory !== "FR";
  const within = byArea ? (view.level === "epci" ? area : null) : close ? "ids" : null;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const a = ids[i];
      const right = x + 1 < width ? ids[i + 1] : a;
      const below = y + 1 < height ? ids[i + width] : a;
      if (a === right && a === below) continue;
      let strength = 0;
      for (const b of a === right ? [below] : a === below ? [right] : [right, below]) {
        if (a === b) continue;
        if (!a !== !b || (close && members[a] !== members[b])) strength = 3;
        else if (departement[a] !== departement[b]) strength = Math.max(strength, 2);
        else if (within && members[a] && (within === "ids" || within[a] !== within[b]))
          strength = Math.max(strength, 1);
      }
      if (strength === 3) strong.push(i);
      else if (strength === 2) middle.push(i);
      else if (strength === 1) fine.push(i);
    }
  }
  return [[fine, FINE], [middle, MIDDLE], [strong, COAST]].map(([list, share]) => [
    Int32Array.from(list), share,
  ]);
}

// Relative luminance of a colour, as contrast is computed.
function luminance(colour) {
  const [r, g, b] = colour.map((part) => (part / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Draw a raster on a canvas. `theme` is {palette, ink, paper, hatch} of #RRGGBB. Lines inside the
// country take whichever of ink and paper stands out on the fill.
export function paint(canvas, raster, drawn, edges, theme) {
  const { ids, width, height } = raster;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const brush = canvas.getContext("2d");
  const image = brush.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const fills = theme.palette.map(rgb);
  const stripe = rgb(theme.hatch);
  const plain = fills.map(packed);
  const striped = fills.map((fill, c) => packed(c === UNKNOWN ? mix(fill, stripe, HATCH) : fill));
  const one = new Uint32Array(drawn.length), other = new Uint32Array(drawn.length);
  for (let n = 1; n < drawn.length; n++) {
    one[n] = plain[drawn[n]];
    other[n] = striped[drawn[n]];
  }
  for (let y = 0, i = 0; y < height; y++) {
    let phase = y % HATCH_STEP;
    for (const end = i + width; i < end; i++) {
      out[i] = phase === 0 ? other[ids[i]] : one[ids[i]];
      if (++phase === HATCH_STEP) phase = 0;
    }
  }
  const ink = rgb(theme.ink), paper = rgb(theme.paper);
  const far = (fill, one) => Math.abs(Math.log((luminance(fill) + 0.05) / (luminance(one) + 0.05)));
  const best = fills.map((fill) => (far(fill, ink) >= far(fill, paper) ? ink : paper));
  for (const [list, share] of edges) {
    for (const i of list) {
      const value = out[i];
      if (value === 0) {
        out[i] = ((share * 255) << 24 | ink[2] << 16 | ink[1] << 8 | ink[0]) >>> 0;
        continue;
      }
      const fill = drawn[ids[i]];
      const line = share === COAST ? ink : best[fill];
      const s = fill === OUTSIDE ? share / 2 : share;
      const r = (value & 255) * (1 - s) + line[0] * s;
      const g = ((value >> 8) & 255) * (1 - s) + line[1] * s;
      const b = ((value >> 16) & 255) * (1 - s) + line[2] * s;
      out[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    }
  }
  brush.putImageData(image, 0, 0);
}

// Outline the pixels for which `belongs(number)` holds.
export function outline(canvas, raster, belongs, colour) {
  const { ids, width, height } = raster;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const brush = canvas.getContext("2d");
  brush.clearRect(0, 0, width, height);
  if (!belongs) return;
  brush.fillStyle = colour;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const id = ids[i];
      if (!belongs[id]) continue;
      if (!belongs[ids[i - 1]] || !belongs[ids[i + 1]] || !belongs[ids[i - width]] || !belongs[ids[i + width]])
        brush.fillRect(x - 1, y - 1, 3, 3);
    }
  }
}

// Degrees of a point given as shares of the raster's width and height.
export function degrees(raster, across, down) {
  const [west, south, east, north] = raster.bounds;
  if (raster.epsg === 2154)
    return lambert93(west + (east - west) * across, north - (north - south) * down);
  // A UTM window of one island is straight enough at this scale.
  const [left, bottom, right, top] = raster.corners;
  return [left + (right - left) * across, top - (top - bottom) * down];
}

// Inverse of the conformal conic projection of metropolitan France (IGN, algorithm ALG0004).
function lambert93(x, y) {
  const n = 0.725607765053267, c = 11754255.426096, e = 0.0818191910428158;
  const dx = x - 700000, dy = y - 12655612.049876;
  const r = Math.hypot(dx, dy);
  const longitude = Math.atan(dx / -dy) / n + (3 * Math.PI) / 180;
  const isometric = -Math.log(r / c) / n;
  let latitude = 2 * Math.atan(Math.exp(isometric)) - Math.PI / 2;
  for (let i = 0; i < 6; i++) {
    const s = e * Math.sin(latitude);
    latitude = 2 * Math.atan(((1 + s) / (1 - s)) ** (e / 2) * Math.exp(isometric)) - Math.PI / 2;
  }
  return [(longitude * 180) / Math.PI, (latitude * 180) / Math.PI];
}
