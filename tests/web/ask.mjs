// Asks the JavaScript for Python's tests: one request, as JSON, on standard input; the answer on standard output.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { web, packages, task, ...given } = JSON.parse(readFileSync(0, 'utf8'));
const { drawn, explored, openBundle, Reasons, replay, Runner, uniform } = await import(`${web}/runner/runner.mjs`);

async function opened(path) {
  const ort = createRequire(`${packages}/`)('onnxruntime-node');
  return Runner.create(await openBundle(readFileSync(path), path), ort);
}

/** What was thrown, as a person reads it; null where nothing was. */
async function told(act) {
  try {
    await act();
    return null;
  } catch (error) {
    return error.name === 'InvalidInput' ? error.message : `not foreseen: ${error.stack}`;
  }
}

const tasks = {
  async replay({ path }) {
    return replay(await opened(path));
  },
  async refusals({ paths }) {
    return Promise.all(paths.map((path) => told(async () => openBundle(readFileSync(path), path))));
  },
  async replayed({ path }) {
    return told(async () => replay(await opened(path)));
  },
  async draws({ rows, digest, events }) {
    return {
      chances: rows.map(({ probs, eligible, rate }) => [...explored(Float32Array.from(probs), eligible, rate)]),
      drawn: rows.map(({ probs, eligible, rate, draw }) => drawn(explored(Float32Array.from(probs), eligible, rate), draw)),
      uniform: await Promise.all(events.map((event) => uniform(digest, event))),
    };
  },
  async reasons({ catalogue, rows }) {
    const reasons = new Reasons(catalogue);
    const single = ({ probabilities, eligible, mastery }) => ({
      probabilities: Float32Array.from(probabilities),
      eligible,
      mastery: Float32Array.from(mastery),
    });
    return rows.map((row) => reasons.why(single(row), row.chosen));
  },
  async steps({ path, goals, events, allowed }) {
    const runner = await opened(path);
    let state = runner.start(goals);
    const found = [];
    for (const [activity, correct, elapsed] of events) {
      const step = await runner.step(state, [activity], [correct], [elapsed], Uint8Array.from(allowed));
      state = step.state;
      found.push([...step.probabilities]);
    }
    return { probabilities: found, state: [...state] };
  },
  async wrong({ path, calls }) {
    const runner = await opened(path);
    const of = { null: null, NaN: NaN, Infinity: Infinity };
    const values = (list) => list.map((x) => (x in of ? of[x] : x));
    return Promise.all([
      ...calls.map((call) => told(() => runner.step(runner.start(), ...call.map(values)))),
      told(async () => runner.start(['nonsense', 'more'])),
      told(async () => runner.start([])),
    ]);
  },
  async layouts({ graphs, widths }) {
    const { layout } = await import(`${web}/page/layout.mjs`);
    return graphs.map((needed, i) => layout(needed, widths[i]));
  },
};

process.stdout.write(JSON.stringify(await tasks[task](given)));
