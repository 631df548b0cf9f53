// The curriculum as a map: what is needed stands above what needs it; colour and figure say how much is known.

import { layout } from './layout.mjs';
import { make, makeSvg, share } from './dom.mjs';

const SHADES = 10;
const LOCK = 'M-4 -1h8v6h-8z M-2.5 -1v-2.5a2.5 2.5 0 0 1 5 0v2.5';

export class CurriculumMap {
  /**
   * @param {HTMLElement} place
   * @param {import('../runner/reasons.mjs').Reasons} names of concepts, and what they need
   */
  constructor(place, names) {
    this.place = place;
    this.names = names;
    this.width = 0;
    this.observer = new ResizeObserver(() => this.#draw());
    this.observer.observe(place);
  }

  /** Leaves the place to another map. */
  close() {
    this.observer.disconnect();
  }

  /**
   * @param {object} seen `mastery` and whether each concept is `open` and is a `goal`; the threshold `mastered`; and
   *   the concepts of the `current` activity
   */
  show(seen) {
    this.seen = seen;
    this.#draw();
  }

  #draw() {
    const width = Math.floor(this.place.clientWidth);
    if (!this.seen || !width) return;
    if (width !== this.width) this.#lay(width);
    this.nodes.forEach((node, k) => this.#update(node, k));
    for (const { line, from, to } of this.lines) {
      const near = this.seen.current.includes(to) ? 'into' : this.seen.current.includes(from) ? 'from' : '';
      line.setAttribute('class', `line ${near}`);
    }
    this.svg.setAttribute('aria-label', this.#told());
  }

  #lay(width) {
    this.width = width;
    const { size, height, places, lines } = layout(this.names.needed, width);
    this.lines = lines.map(({ from, to, through }) => {
      const d = curve([places[from], ...through, places[to]], size.height / 2);
      return { from, to, line: makeSvg('path', { d }) };
    });
    this.nodes = places.map((place, k) => this.#node(place, size, k));
    const kind = size.lines ? '' : 'dense';
    this.svg = makeSvg('svg', { role: 'img', class: kind, width, height, viewBox: `0 0 ${width} ${height}` });
    this.svg.append(...this.lines.map(({ line }) => line), ...this.nodes.map(({ whole }) => whole));
    this.place.replaceChildren(this.svg);
  }

  #node({ x, y }, size, k) {
    const [left, top] = [-size.width / 2, -size.height / 2];
    const box = { x: left, y: top, width: size.width, height: size.height, rx: Math.min(9, size.height / 4) };
    const words = size.lines ? wrapped(this.names.concepts[k], size.letters, size.lines) : [];
    const first = words.length > 1 ? top + 16 : top + 22;
    const figure = size.height >= 30 ? makeSvg('text', { class: 'figure', y: size.lines ? -top - 8 : 4 }) : null;
    const lock = size.lines ? makeSvg('path', { class: 'lock', d: LOCK }) : null; // else the dashes say it alone
    lock?.setAttribute('transform', `translate(${-left - 11} ${-top - 10})`);
    const title = makeSvg('title');
    const lines = words.map((word, i) => makeSvg('text', { y: first + 13 * i }, word));
    const [wide, high] = [size.width + 6, size.height + 6];
    const halo = makeSvg('rect', { ...box, class: 'halo', x: left - 3, y: top - 3, width: wide, height: high });
    const body = makeSvg('rect', { ...box, class: 'body' });
    const whole = makeSvg('g', { transform: `translate(${x} ${y})` }, title, halo, body, ...lines, figure, lock);
    return { whole, title, figure };
  }

  #update({ whole, title, figure }, k) {
    const { mastery, open, goal, mastered, current } = this.seen;
    const known = mastery[k] >= mastered;
    const kinds = [current.includes(k) && 'current', !open[k] && 'locked', known && 'known'];
    const shade = Math.min(SHADES - 1, Math.floor(mastery[k] * SHADES));
    whole.setAttribute('class', ['concept', `m${shade}`, ...kinds].filter(Boolean).join(' '));
    title.textContent = `${this.names.concepts[k]}: ${share(mastery[k])} believed known${open[k] ? '' : ', locked'}`;
    if (figure) figure.textContent = `${goal[k] ? '◎ ' : ''}${share(mastery[k])}${known ? ' ✓' : ''}`;
  }

  #told() {
    const { mastery, mastered, open, current } = this.seen;
    const count = Array.from(mastery).filter((m) => m >= mastered).length;
    const now = current.map((k) => this.names.concepts[k]).join(', ');
    return (
      `Map of ${mastery.length} concepts: ${count} mastered, ${open.filter((x) => !x).length} locked` +
      `${now ? `; now: ${now}` : ''}. The table of beliefs has every figure.`
    );
  }
}

/** What the map's signs mean. */
export function legend(mastered, ownGoals) {
  const shades = Array.from({ length: SHADES }, (_, i) => make('span', { class: `swatch m${i}` }));
  const sign = (kind, words) => make('li', {}, make('span', { class: `sign ${kind}`, 'aria-hidden': 'true' }), words);
  return [
    make('li', {}, '0%', make('span', { class: 'shades', 'aria-hidden': 'true' }, ...shades), '100% believed known'),
    sign('current', 'practised now'),
    sign('locked', 'locked'),
    make('li', {}, `✓ mastered (${share(mastered)})`),
    ...(ownGoals ? [make('li', {}, '◎ a goal')] : []),
  ];
}

/** From the lower edge of the first point to the upper edge of the last, straight down beside what lies between. */
function curve(points, half) {
  return points.slice(1).map((to, i) => {
    const [top, bottom] = [points[i].y + half, to.y - half];
    const middle = (top + bottom) / 2;
    return `${i ? 'L' : 'M'}${points[i].x} ${top}C${points[i].x} ${middle} ${to.x} ${middle} ${to.x} ${bottom}`;
  }).join('');
}

/** A name in some lines of so many letters. */
function wrapped(name, letters, most) {
  const lines = [''];
  for (const word of name.split(' ')) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (longer.length <= letters || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const kept = lines.slice(0, most);
  const cut = lines.length > most || kept.at(-1).length > letters;
  if (cut) kept.push(`${kept.pop().slice(0, letters - 1).trimEnd()}…`);
  return kept.map((line) => (line.length > letters ? `${line.slice(0, letters - 1)}…` : line));
}
