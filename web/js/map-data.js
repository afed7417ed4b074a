// The numbers behind the map: which area each commune is in, its state, and the class to draw.
// Everything is indexed by commune number; the server counts the same way (api/map_view.py).

export const UNKNOWN = 0;
export const OTHER = 1;
export const CHOSEN = 8;
export const REST = 9;
export const OUTSIDE = 10;
const SHARE_CLASSES = 5;
const STATES = [
  "unknown", "other-body", "absent", "information", "one-way", "two-way", "transaction", "proactive",
];
const SHARES = {
  "share-unknown": 0, "share-other": 1, "share-1": 3, "share-2": 4, "share-3": 5, "share-4": 6,
  "share-5": 7,
};

export class MapData {
  constructor(data) {
    this.data = data;
    this.departement = new Uint16Array(data.length);
    data.runs.forEach(([start, position], i) => {
      const end = i + 1 < data.runs.length ? data.runs[i + 1][0] : data.length;
      this.departement.fill(position, start, end);
    });
    this.held = new Map();
  }

  // One request for each address, whoever asks; a failure is forgotten so that it can be retried.
  once(url, read) {
    let found = this.held.get(url);
    if (!found) {
      const early = window.asked?.[url]; // the page's own head asked for it already
      if (early) delete window.asked[url];
      found = (early?.catch(() => fetch(url)) ?? fetch(url)).then((answer) => {
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        return read(answer);
      });
      this.held.set(url, found);
      found.catch(() => this.held.delete(url));
    }
    return found;
  }

  // One state byte per commune number.
  status(view) {
    const when = view.date ? `?datetime=${view.date}&version=${this.data.version}` : "";
    return this.once(`/api/v1/status/${view.service}.bin${when}`, async (answer) => {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (bytes.length !== this.data.length) throw new Error("another geography");
      return bytes;
    });
  }

  // {index, list}: the EPCI of each commune. Only asked for when EPCI are drawn.
  epci() {
    return this.once("/api/v1/geography", async (answer) => {
      const bytes = await answer.arrayBuffer();
      const size = new DataView(bytes).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size)).trimEnd());
      const at = 4 + size + 2 * header.length * header.arrays.indexOf("epci");
      return { index: new Uint16Array(bytes, at, header.length), list: header.epci };
    });
  }

  // {number: [code, name]} of the communes of a département.
  names(position) {
    const [code] = this.data.departements[position - 1];
    return this.once(`/ids/${this.data.generation}/names/${code}.json`,
      async (answer) => (await answer.json()).communes);
  }

  // 1 for the communes of the territory.
  members(view) {
    const mask = new Uint8Array(this.data.length);
    if (view.members) for (const [first, last] of view.members) mask.fill(1, first, last + 1);
    else for (let n = 1; n < mask.length; n++) mask[n] = this.departement[n] ? 1 : 0;
    return mask;
  }

  // All that is needed to draw a view.
  async prepare(view) {
    const [status, epci] = await Promise.all([
      this.status(view),
      view.level === "epci" ? this.epci() : null,
    ]);
    const members = this.members(view);
    const area = view.level === "epci" ? epci.index : this.departement;
    const byArea = view.level !== "commune";
    const counts = count(status, members, area, view.present);
    const drawn = new Uint8Array(status.length);
    const of = byArea ? counts.map(shareClass) : null;
    const chosenShare = view.isolate in SHARES ? SHARES[view.isolate] : -1;
    const chosenState = STATES.indexOf(view.isolate);
    for (let n = 1; n < drawn.length; n++) {
      if (!members[n]) {
        drawn[n] = OUTSIDE;
        continue;
      }
      const plain = byArea ? of[area[n]] : status[n];
      if (chosenShare >= 0 && byArea) drawn[n] = plain === chosenShare ? CHOSEN : REST;
      else if (chosenState >= 0) drawn[n] = status[n] === chosenState ? CHOSEN : REST;
      else drawn[n] = plain;
    }
    return { view, status, members, area, epci, byArea, counts, drawn };
  }
}

// [{communes, present, other, unknown}] by position of the area.
function count(status, members, area, present) {
  const found = [];
  for (let n = 1; n < status.length; n++) {
    if (!members[n]) continue;
    const here = (found[area[n]] ??= { communes: 0, present: 0, other: 0, unknown: 0 });
    const state = status[n];
    here.communes++;
    if (state === UNKNOWN) here.unknown++;
    else if (state === OTHER) here.other++;
    else if (state - 2 >= present) here.present++;
  }
  return found;
}

// Whole numbers only: the same class as on the server.
export function shareClass({ communes, present, other, unknown }) {
  const own = communes - other;
  if (own === 0) return OTHER;
  if (unknown === own) return UNKNOWN;
  return 3 + Math.min(SHARE_CLASSES - 1, Math.floor((present * SHARE_CLASSES) / own));
}
