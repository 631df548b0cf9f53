// Decisions from a bundle, in Node or in a browser: one small vector a student goes in and comes out, with
// probabilities for every activity. The same as Python's `runner/`; tests replay the same vectors with both.
//
//     const bundle = await openBundle(bytes);
//     const runner = await Runner.create(bundle, ort);            // onnxruntime-node or onnxruntime-web
//     let state = runner.start();
//     let step = await runner.step(state, [-1], [0], [0]);        // nothing was done yet
//     step = await runner.step(step.state, [3], [1], [95]);       // activity 3: right; 95 s from decision to decision

import { InvalidInput } from './invalid.mjs';

export { openBundle } from './bundle.mjs';
export { drawn, explored, uniform } from './draw.mjs';
export { InvalidInput } from './invalid.mjs';
export { Reasons } from './reasons.mjs';
export { replay } from './replay.mjs';

const INPUTS = ['state', 'last_activity', 'correct', 'elapsed_s', 'allowed'];
const OUTPUTS = ['state_out', 'probs', 'eligible', 'concept_mastery'];

/** What comes out for n students; arrays lie row after row. */
export class Step {
  constructor(n, state, probabilities, eligible, mastery) {
    this.n = n;
    this.state = state; // (n, S) after the event
    this.probabilities = probabilities; // (n, A) 0 where not eligible
    this.eligible = eligible; // (n, A) 1 or 0
    this.mastery = mastery; // (n, K) P(known)
  }

  /** The same of one student. */
  row(i) {
    const cut = (all) => all.subarray((i * all.length) / this.n, ((i + 1) * all.length) / this.n);
    return new Step(1, cut(this.state), cut(this.probabilities), cut(this.eligible), cut(this.mastery));
  }
}

export class Runner {
  /**
   * @param {import('./bundle.mjs').Bundle} bundle
   * @param {object} ort onnxruntime-node or onnxruntime-web
   * @throws {InvalidInput} the graph cannot be run, or does not take and give what it must
   */
  static async create(bundle, ort) {
    let session;
    try {
      session = await ort.InferenceSession.create(bundle.graph, { executionProviders: ['cpu'] });
    } catch (error) {
      throw new InvalidInput('bundle', [`step.onnx: cannot be run: ${String(error.message ?? error).slice(0, 200)}`]);
    }
    const { inputNames, outputNames } = session;
    if (inputNames.join() !== INPUTS.join() || outputNames.join() !== OUTPUTS.join()) {
      throw new InvalidInput('bundle', [`step.onnx: takes ${inputNames} and gives ${outputNames}`]);
    }
    return new Runner(bundle, ort.Tensor, session);
  }

  constructor(bundle, Tensor, session) {
    this.bundle = bundle;
    this.activities = bundle.catalogue.activities.map((a) => a.id);
    this.concepts = bundle.catalogue.concepts.map((c) => c.id);
    this.Tensor = Tensor;
    this.session = session;
  }

  /**
   * The state of a student of whom nothing is known.
   * @param {string[] | null} [goals] ids of the concepts that the student is here for; null is everything
   * @returns {Float32Array} (S,)
   */
  start(goals = null) {
    const state = this.bundle.initialState.slice();
    if (goals === null) return state;
    const unknown = goals.filter((goal) => !this.concepts.includes(goal));
    const wrong = unknown.map((goal) => `'${goal}': is no concept of the catalogue`);
    if (!goals.length) wrong.push('goals = []: must name at least one concept. Leave them out for all');
    if (wrong.length) throw new InvalidInput('goals', wrong);
    const kept = this.concepts.map((concept) => (goals.includes(concept) ? 1 : 0));
    for (const start of this.bundle.manifest.state.goals) state.set(kept, start);
    return state;
  }

  /**
   * One step of n students: the event, if there was one, and the probabilities of what comes next.
   * @param {Float32Array} state (n, S)
   * @param {ArrayLike<number>} lastActivity positions in the catalogue, (n,); -1 where nothing was done since
   * @param {ArrayLike<number>} correct of that event, 0 to 1, (n,)
   * @param {ArrayLike<number>} elapsedS seconds from the decision for it to this one, (n,)
   * @param {Uint8Array} [allowed] what the platform allows, 1 or 0, (n, A); everything if left out
   * @returns {Promise<Step>}
   * @throws {InvalidInput} everything that is wrong with the arguments
   */
  async step(state, lastActivity, correct, elapsedS, allowed) {
    const n = lastActivity.length;
    const [size, count] = [this.bundle.initialState.length, this.activities.length];
    const free = allowed ?? new Uint8Array(n * count).fill(1);
    this.#check(n, { state, lastActivity, correct, elapsedS, allowed: free });
    const found = await this.session.run({
      state: new this.Tensor('float32', Float32Array.from(state), [n, size]),
      last_activity: new this.Tensor('int64', BigInt64Array.from(lastActivity, BigInt), [n]),
      correct: new this.Tensor('float32', Float32Array.from(correct), [n]),
      elapsed_s: new this.Tensor('float32', Float32Array.from(elapsedS), [n]),
      allowed: new this.Tensor('bool', Uint8Array.from(free, Number), [n, count]),
    });
    return new Step(n, ...OUTPUTS.map((name) => found[name].data));
  }

  #check(n, { state, lastActivity, correct, elapsedS, allowed }) {
    const count = this.activities.length;
    const known = (a) => Number.isInteger(a) && a >= -1 && a < count;
    const single = (x) => Number.isFinite(Math.fround(x));
    const rules = [
      ['state', state, n * this.bundle.initialState.length, 'finite numbers', single],
      ['lastActivity', lastActivity, n, `whole numbers from -1 to ${count - 1}`, known],
      ['correct', correct, n, 'numbers from 0 to 1', (x) => x >= 0 && x <= 1],
      ['elapsedS', elapsedS, n, 'finite numbers of at least 0', (x) => single(x) && x >= 0],
      ['allowed', allowed, n * count, 'each 1 or 0', (x) => x === 0 || x === 1 || typeof x === 'boolean'],
    ];
    const wrong = rules
      .filter(([, values, length, , right]) => values.length !== length || !Array.prototype.every.call(values, right))
      .map(([name, , length, what]) => `${name}: must be ${length} ${what}`);
    if (wrong.length) throw new InvalidInput('step', wrong);
  }
}
