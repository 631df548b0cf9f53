// Where concepts and lines stand on the map: layers from top to bottom, in as many rows as the width asks for, each
// item as near as may be below what it needs.

import { layered, mean } from './layers.mjs';

/** How concepts are drawn: fewer of them, or more room, larger. `thread` is the room of a line that passes. */
const SIZES = [
  { upTo: 45, from: 640, width: 128, height: 56, gap: 16, rise: 38, thread: 10, lines: 2, letters: 18 },
  { upTo: 45, from: 420, width: 108, height: 54, gap: 10, rise: 34, thread: 8, lines: 2, letters: 16 },
  { upTo: 45, from: 0, width: 82, height: 54, gap: 7, rise: 32, thread: 4, lines: 2, letters: 12 },
  { upTo: 150, from: 0, width: 56, height: 30, gap: 8, rise: 24, thread: 0, lines: 0, letters: 0 },
  { upTo: 600, from: 0, width: 16, height: 16, gap: 4, rise: 4, thread: 0, lines: 0, letters: 0 },
  { upTo: Infinity, from: 0, width: 8, height: 8, gap: 3, rise: 3, thread: 0, lines: 0, letters: 0 },
];
const SETTLED = 8;
const MARGIN = 4; // for the ring about a concept

/**
 * @param {number[][]} needed prerequisites of each concept
 * @param {number} width there is
 * @returns {{size: object, height: number, places: {x: number, y: number}[], lines: object[]}} middles of the concepts,
 *   and for each line the concepts it joins and the points it passes
 */
export function layout(needed, width) {
  const size = SIZES.find(({ upTo, from }) => needed.length <= upTo && width >= from);
  const room = width - 2 * MARGIN;
  const { layers, lines } = layered(needed, size.thread > 0);
  const wide = (item) => (item.concept === null ? size.thread : size.width);
  const points = new Map();
  const rows = [];
  let y = size.height / 2 + MARGIN;
  for (const layer of layers) {
    const parts = split(layer, wide, size.gap, room);
    parts.forEach((row, i) => {
      rows.push(row);
      packed(row, wide, size.gap, room).forEach((x, j) => points.set(row[j], { x, y }));
      y += size.height + (i + 1 < parts.length ? size.gap : size.rise);
    });
  }
  settle(rows, points, wide, size.gap, room);
  for (const point of points.values()) point.x += MARGIN;
  const places = [];
  for (const [{ concept }, point] of points) if (concept !== null) places[concept] = point;
  return {
    size,
    height: y - size.rise - size.height / 2 + MARGIN,
    places,
    lines: lines.map(({ from, to, through }) => ({ from, to, through: through.map((item) => points.get(item)) })),
  };
}

/** A layer in as few rows as fit, of about the same length. */
function split(layer, wide, gap, width) {
  const long = (row) => row.reduce((sum, item) => sum + wide(item) + gap, -gap);
  for (let count = 1; ; count += 1) {
    const cut = (i) => Math.round((i * layer.length) / count);
    const rows = Array.from({ length: count }, (_, i) => layer.slice(cut(i), cut(i + 1)));
    if (count >= layer.length || rows.every((row) => long(row) <= width)) return rows;
  }
}

/** Middles of a row's items, side by side about the middle. */
function packed(row, wide, gap, width) {
  const total = row.reduce((sum, item) => sum + wide(item) + gap, -gap);
  let x = (width - total) / 2;
  return row.map((item) => {
    const middle = x + wide(item) / 2;
    x += wide(item) + gap;
    return middle;
  });
}

/** Moves items of each row towards what they are tied to, as far as their neighbours and the edges let them. */
function settle(rows, points, wide, gap, width) {
  for (let turn = 0; turn < SETTLED; turn += 1) {
    for (const row of turn % 2 ? [...rows].reverse() : rows) {
      const wish = row.map((item) => {
        const near = turn % 2 ? item.below : item.above;
        return mean(near, (one) => points.get(one).x) ?? points.get(item).x;
      });
      apart(row, wish, wide, gap, width).forEach((x, i) => (points.get(row[i]).x = x));
    }
  }
}

/** Places in order, near the wished ones, a gap apart or more: the mean of packing from the left and from the right. */
function apart(row, wish, wide, gap, width) {
  const room = (i, j) => (wide(row[i]) + wide(row[j])) / 2 + gap;
  const left = [];
  const right = [];
  for (let i = 0; i < row.length; i += 1) {
    const least = i ? left[i - 1] + room(i - 1, i) : wide(row[0]) / 2;
    left.push(Math.max(least, wish[i]));
  }
  for (let i = row.length - 1; i >= 0; i -= 1) {
    const most = i < row.length - 1 ? right[i + 1] - room(i, i + 1) : width - wide(row[i]) / 2;
    right[i] = Math.min(most, wish[i]);
  }
  const mixed = row.map((_, i) => (left[i] + right[i]) / 2);
  for (let i = row.length - 1; i >= 0; i -= 1) {
    const most = i < row.length - 1 ? mixed[i + 1] - room(i, i + 1) : width - wide(row[i]) / 2;
    mixed[i] = Math.min(mixed[i], most);
  }
  for (let i = 0; i < row.length; i += 1) {
    const least = i ? mixed[i - 1] + room(i - 1, i) : wide(row[0]) / 2;
    mixed[i] = Math.max(mixed[i], least);
  }
  return mixed;
}
