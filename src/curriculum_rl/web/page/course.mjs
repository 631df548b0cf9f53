// One student's course through a policy: what was done, what is believed now, what comes next. Nothing here draws.

import { drawn, explored, Reasons, uniform } from '../runner/runner.mjs';
import { ranked } from '../runner/reasons.mjs';

const RANKED = 5;

/**
 * @typedef {object} Event
 * @property {number} activity position in the catalogue
 * @property {number} correct 1 or 0
 * @property {number} elapsed seconds from the decision for it to the next one
 *
 * @typedef {object} Decision
 * @property {string} id of the event; the draw depends on it and on the bundle alone
 * @property {import('../runner/runner.mjs').Step} step
 * @property {number | null} chosen null where nothing is eligible
 * @property {'policy' | 'teacher'} by
 * @property {Float64Array} chances what is drawn from
 * @property {number[]} ranking what would be chosen, and then instead of that, and so on
 * @property {string[]} reasons
 * @property {number | null} otherwise the choice, had the last answer been the other one
 */

export class Course {
  /** @param {import('../runner/runner.mjs').Runner} runner */
  constructor(runner) {
    this.runner = runner;
    this.catalogue = runner.bundle.catalogue;
    this.reasons = new Reasons(this.catalogue);
    this.rate = runner.bundle.manifest.exploration ?? 0;
    this.sampled = this.rate > 0;
    this.pinned = null;
    this.excluded = new Set();
    this.goals = null;
    this.student = 0;
    this.restart();
  }

  /** Another student, of whom nothing is known. */
  restart() {
    this.student += 1;
    this.turns = [{ before: this.runner.start(this.goals), event: null, mastery: null }];
  }

  /** @returns {Event[]} */
  get events() {
    return this.turns.slice(1).map((turn) => turn.event);
  }

  /** Belief before the last event; null at first. */
  get earlier() {
    return this.turns.at(-2)?.mastery ?? null;
  }

  /** @returns {Promise<Decision>} */
  async decide() {
    const turn = this.turns.at(-1);
    const step = await this.#stepped(turn, turn.event, this.#allowed());
    turn.mastery = step.mastery;
    const id = `student-${this.student}-decision-${this.turns.length}`;
    const chances = explored(step.probabilities, step.eligible, this.rate);
    const obeyed = this.pinned !== null && Boolean(step.eligible[this.pinned]);
    const chosen = obeyed ? this.pinned : await this.#choice(step, chances, id);
    this.decision = {
      id,
      step,
      chosen,
      by: obeyed ? 'teacher' : 'policy',
      chances,
      ranking: await this.#ranking(turn, step, chances),
      reasons: chosen === null ? [] : this.reasons.why(step, chosen),
      otherwise: await this.#otherwise(turn),
    };
    return this.decision;
  }

  /** What was recommended is done. @param {number} pause seconds that go by after it */
  answer(correct, pause) {
    const { chosen, step } = this.decision;
    const elapsed = Math.round(this.catalogue.activities[chosen].minutes * 60) + pause;
    this.turns.push({ before: step.state, event: { activity: chosen, correct, elapsed }, mastery: null });
  }

  undo() {
    if (this.turns.length > 1) this.turns.pop();
  }

  /** The same course for other goals: the state is made again from the events. @param {string[] | null} goals */
  async aim(goals) {
    const events = this.events;
    this.goals = goals;
    this.turns = [{ before: this.runner.start(goals), event: null, mastery: null }];
    const all = new Uint8Array(this.runner.activities.length).fill(1);
    for (const event of events) {
      const turn = this.turns.at(-1);
      const { state, mastery } = await this.#stepped(turn, turn.event, all);
      turn.mastery = mastery;
      this.turns.push({ before: state, event, mastery: null });
    }
  }

  /** The events, a line each, as `curriculum-rl explain --history` reads them. */
  history() {
    const lines = this.events.map(({ activity, correct, elapsed }) =>
      JSON.stringify({ activity: this.runner.activities[activity], correct, elapsed_s: elapsed }),
    );
    return lines.map((line) => `${line}\n`).join('');
  }

  #allowed(without = []) {
    const allowed = new Uint8Array(this.runner.activities.length).fill(1);
    for (const a of [...this.excluded, ...without]) allowed[a] = 0;
    return allowed;
  }

  #stepped({ before }, event, allowed) {
    const { activity, correct, elapsed } = event ?? { activity: -1, correct: 0, elapsed: 0 };
    return this.runner.step(before, [activity], [correct], [elapsed], allowed);
  }

  async #choice(step, chances, id) {
    if (!this.sampled) return ranked(step.probabilities)[0] ?? null;
    return drawn(chances, await uniform(this.runner.bundle.digest, id));
  }

  /** By chance; a policy that is sure of one activity is asked again without it. */
  async #ranking(turn, step, chances) {
    const order = ranked(step.probabilities);
    if (order.length !== 1) return ranked(chances).slice(0, RANKED);
    while (order.length < RANKED) {
      const { probabilities } = await this.#stepped(turn, turn.event, this.#allowed(order));
      const [next] = ranked(probabilities);
      if (next === undefined) break;
      order.push(next);
    }
    return order;
  }

  async #otherwise(turn) {
    if (!turn.event || !this.catalogue.activities[turn.event.activity].answered) return null;
    const other = { ...turn.event, correct: 1 - turn.event.correct };
    const { probabilities } = await this.#stepped(turn, other, this.#allowed());
    return ranked(probabilities)[0] ?? null;
  }
}
