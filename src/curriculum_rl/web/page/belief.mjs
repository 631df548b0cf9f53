// What is believed of every concept, as a table: the figures behind the map.

import { make, share } from './dom.mjs';

const VISIBLE = 0.005; // a change that a whole percent shows

export class Beliefs {
  /** @param {HTMLElement} body of the table @param {string[]} names of the concepts @param {number} mastered */
  constructor(body, names, mastered) {
    this.mastered = mastered;
    this.rows = names.map((name) => {
      const fill = make('div', { class: 'fill' });
      const mark = make('div', { class: 'threshold' });
      mark.style.left = `${100 * mastered}%`;
      const cells = { fill, figure: make('td', { class: 'number' }), change: make('td', { class: 'number' }) };
      const bar = make('td', { class: 'bar', 'aria-hidden': 'true' }, make('div', { class: 'track' }, fill, mark));
      const state = make('td', { class: 'state' });
      const row = make('tr', {}, make('th', { scope: 'row' }, name), bar, cells.figure, cells.change, state);
      return { ...cells, state, row };
    });
    body.replaceChildren(...this.rows.map(({ row }) => row));
    this.window = body.closest('.scroll');
  }

  /** @param {{mastery: ArrayLike<number>, open: boolean[], goal: boolean[], current: number[]}} seen @param earlier */
  show({ mastery, open, goal, current }, earlier) {
    this.rows.forEach(({ row, fill, figure, change, state }, k) => {
      const moved = earlier ? mastery[k] - earlier[k] : 0;
      const words = [
        current.includes(k) && 'now',
        mastery[k] >= this.mastered && 'mastered',
        !open[k] && 'locked',
        !goal[k] && 'not a goal',
      ];
      fill.style.width = `${100 * mastery[k]}%`;
      figure.textContent = share(mastery[k]);
      change.textContent = signed(moved);
      change.className = `number ${Math.abs(moved) < VISIBLE ? '' : moved > 0 ? 'up' : 'down'}`;
      state.textContent = words.filter(Boolean).join(', ');
      row.className = current.includes(k) ? 'current' : '';
    });
    if (current.length) this.#reveal(this.rows[current[0]].row);
  }

  /** Scrolls the table, and never the page, to a row that is out of sight. */
  #reveal(row) {
    const { scrollTop, clientHeight } = this.window;
    if (row.offsetTop < scrollTop || row.offsetTop + row.offsetHeight > scrollTop + clientHeight) {
      this.window.scrollTop = row.offsetTop - clientHeight / 2;
    }
  }
}

/** Points gained or lost, with a sign that is no colour. */
function signed(moved) {
  if (Math.abs(moved) < VISIBLE) return '–';
  return `${moved > 0 ? '▲ +' : '▼ −'}${Math.round(100 * Math.abs(moved))}`;
}
