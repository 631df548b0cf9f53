// The teacher's panel: pin and exclude activities, choose goals, and how a choice is made.

import { at, button, duration, make } from './dom.mjs';
import { tools } from './recommendation.mjs';

const LISTED = 30;

export class Teacher {
  /**
   * @param {import('./course.mjs').Course} course
   * @param {{tool: (a: number, kind: string) => void, goals: (ids: string[] | null) => void, choice: () => void}} acts
   */
  constructor(course, acts) {
    this.course = course;
    this.acts = acts;
    at('find').value = '';
    at('find').oninput = () => this.#list();
    at('sampled').checked = course.sampled;
    at('likeliest').checked = !course.sampled;
    at('rate').value = String(Math.round(100 * course.rate));
    for (const id of ['sampled', 'likeliest', 'rate']) at(id).oninput = () => this.#choose();
    at('all-goals').onclick = () => this.#goals(true);
    this.#rate();
    this.#concepts();
  }

  /** @param {import('./course.mjs').Decision} decision */
  show(decision) {
    this.eligible = decision.step.eligible;
    const { course, acts } = this;
    const chip = (a, kind, was, undo) => {
      const name = course.reasons.activities[a];
      const undone = button(undo, () => acts.tool(a, kind), { class: 'small', 'aria-label': `${undo} ${name}` });
      return make('li', {}, `${was}: ${name} `, undone);
    };
    const pins = course.pinned === null ? [] : [chip(course.pinned, 'pin', 'Pinned', 'Unpin')];
    at('set').replaceChildren(...pins, ...[...course.excluded].map((a) => chip(a, 'exclude', 'Excluded', 'Allow')));
    this.#list();
  }

  #list() {
    const words = at('find').value.toLowerCase().split(/\s+/);
    const names = this.course.reasons.activities;
    const found = [...names.keys()].filter((a) => words.every((word) => names[a].toLowerCase().includes(word)));
    const rows = found.slice(0, LISTED).map((a) => {
      const { form, minutes } = this.course.catalogue.activities[a];
      const state = this.course.excluded.has(a) ? 'excluded' : this.eligible[a] ? 'open' : 'locked';
      const about = make('small', {}, `${form} · ${duration(minutes)} · ${state}`);
      const tooled = make('span', { class: 'tools' }, ...tools(this.course, a, this.acts.tool));
      return make('li', {}, make('span', { class: 'name' }, names[a], about), tooled);
    });
    at('found').replaceChildren(...rows);
    const said = found.length > LISTED ? `${LISTED} of ${found.length}: type to narrow` : `${found.length} found`;
    at('found-count').textContent = said;
  }

  #choose() {
    this.course.sampled = at('sampled').checked;
    this.course.rate = this.course.sampled ? Number(at('rate').value) / 100 : 0;
    this.#rate();
    this.acts.choice();
  }

  #rate() {
    at('rate').disabled = !at('sampled').checked;
    at('rate-said').textContent = `${at('rate').value}%`;
  }

  #concepts() {
    const { concepts } = this.course.reasons;
    const boxes = concepts.map((name, k) => {
      const box = make('input', { type: 'checkbox', checked: true, value: k });
      box.addEventListener('change', () => this.#goals(false));
      return make('label', {}, box, name);
    });
    at('goals').replaceChildren(...boxes);
    at('goals-said').textContent = 'all';
  }

  /** At least one goal stays: the last one cannot be taken away. */
  #goals(all) {
    const boxes = [...at('goals').querySelectorAll('input')];
    if (all) boxes.forEach((box) => (box.checked = true));
    const chosen = boxes.filter((box) => box.checked);
    boxes.forEach((box) => (box.disabled = chosen.length === 1 && box.checked));
    const whole = chosen.length === boxes.length;
    at('goals-said').textContent = whole ? 'all' : `${chosen.length} of ${boxes.length}`;
    const ids = chosen.map((box) => this.course.runner.concepts[Number(box.value)]);
    this.acts.goals(whole ? null : ids);
  }
}
