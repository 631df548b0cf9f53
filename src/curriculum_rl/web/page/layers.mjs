// The concepts of a prerequisite graph in layers, ordered so that few lines cross (Sugiyama, Tagawa and Toda, 1981,
// doi:10.1109/TSMC.1981.4308636): each stands one layer below the lowest that it needs, and a line that passes a layer
// has a place of its own in it.

const SWEEPS = 12;

/**
 * @typedef {object} Item
 * @property {number | null} concept null where a line passes
 * @property {Item[]} above that it is tied to, in the layer before
 * @property {Item[]} below in the layer after
 */

/**
 * @param {number[][]} needed prerequisites of each concept
 * @param {boolean} threaded whether lines have places of their own
 * @returns {{layers: Item[][], lines: {from: number, to: number, through: Item[]}[]}}
 */
export function layered(needed, threaded) {
  const depth = [];
  const deep = (k) => (depth[k] ??= needed[k].length ? 1 + Math.max(...needed[k].map(deep)) : 0);
  const layers = [];
  const place = (concept, layer) => {
    const item = { concept, above: [], below: [] };
    (layers[layer] ??= []).push(item);
    return item;
  };
  const items = needed.map((_, k) => place(k, deep(k)));
  const lines = needed.flatMap((each, to) =>
    each.map((from) => {
      const between = threaded ? depth[to] - depth[from] - 1 : 0;
      const through = Array.from({ length: between }, (_, i) => place(null, depth[from] + 1 + i));
      const chain = [items[from], ...through, items[to]];
      chain.slice(1).forEach((item, i) => tie(chain[i], item));
      return { from, to, through };
    }),
  );
  const whole = Array.from(layers, (layer) => layer ?? []);
  order(whole);
  return { layers: whole, lines };
}

function tie(above, below) {
  above.below.push(below);
  below.above.push(above);
}

/** Each item moves to the middle of those that it is tied to, downwards and upwards in turn. */
function order(layers) {
  const where = new Map();
  const note = (layer) => layer.forEach((item, i) => where.set(item, (i + 0.5) / layer.length));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const side = sweep % 2 ? 'below' : 'above';
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      const pull = new Map(layer.map((item) => [item, mean(item[side], (one) => where.get(one)) ?? where.get(item)]));
      layer.sort((a, b) => pull.get(a) - pull.get(b));
      note(layer);
    }
  }
}

/** The mean of something over items; undefined where there are none. */
export function mean(items, of) {
  return items.length ? items.reduce((sum, item) => sum + of(item), 0) / items.length : undefined;
}
