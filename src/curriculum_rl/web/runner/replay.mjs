// Whether a bundle does here what it did where it was made: every test vector, played again, as Python's `replay.py`.

import { InvalidInput } from './invalid.mjs';
import { Reasons } from './reasons.mjs';

const TOLERANCE = 1e-5;
const FEWEST = 200;

/**
 * @param {import('./runner.mjs').Runner} runner
 * @returns {Promise<{students: number, decisions: number, furthest: number}>} how many were compared, and the largest
 *   difference of a probability or a belief
 * @throws {InvalidInput} one differs by more than 1e-5, or there are too few
 */
export async function replay(runner) {
  try {
    return await replayed(runner, runner.bundle.vectors());
  } catch (error) {
    throw error instanceof InvalidInput ? error : refused(`cannot be read: ${error.message}`);
  }
}

async function replayed(runner, students) {
  const some = students.filter(({ steps }) => steps.length).length;
  if (some < FEWEST) throw refused(`has ${some} students with steps; must have at least ${FEWEST}`);
  const reasons = new Reasons(runner.bundle.catalogue);
  const states = students.map(({ goals }) => runner.start(goals && goals.map((k) => runner.concepts[k])));
  const turns = Math.max(...students.map(({ steps }) => steps.length));
  let [decisions, furthest] = [0, 0];
  for (let turn = 0; turn < turns; turn += 1) {
    const rows = [...students.keys()].filter((i) => turn < students[i].steps.length);
    const found = await together(runner, students, states, rows, turn);
    for (const { student, wanted, step } of found) {
      const { wrong, apart } = compared(wanted, step, reasons);
      if (wrong) throw refused(`line ${student + 1}, step ${turn + 1}: ${wrong}`);
      states[student] = step.state;
      furthest = Math.max(furthest, apart);
    }
    decisions += found.length;
  }
  return { students: students.length, decisions, furthest };
}

/** One step of all students that are still going, as one batch. */
async function together(runner, students, states, rows, turn) {
  const [size, count] = [runner.bundle.initialState.length, runner.activities.length];
  const steps = rows.map((i) => students[i].steps[turn]);
  const state = new Float32Array(rows.length * size);
  const allowed = new Uint8Array(rows.length * count).fill(1);
  rows.forEach((student, row) => {
    state.set(states[student], row * size);
    for (const a of steps[row].locked) allowed[row * count + a] = 0;
  });
  const columns = ['last_activity', 'correct', 'elapsed_s'].map((name) => steps.map((one) => one[name]));
  const found = await runner.step(state, ...columns, allowed);
  return rows.map((student, row) => ({ student, wanted: steps[row], step: found.row(row) }));
}

/** What differs, if something does, and by how much the numbers are apart. */
function compared(wanted, { probabilities, eligible, mastery }, reasons) {
  const shut = new Set(wanted.shut ?? wanted.locked);
  if (eligible.some((open, a) => Boolean(open) === shut.has(a))) return { wrong: 'other activities are eligible' };
  if (probabilities.some((p, a) => p !== 0 && shut.has(a))) return { wrong: 'what is locked is recommended' };
  const chances = wanted.level ? 0 : distance(probabilities, (a) => wanted.probs[a] ?? 0);
  if (!(chances <= TOLERANCE)) return { wrong: `a probability differs by ${chances}` };
  const belief = wanted.mastery ? distance(mastery, (k) => wanted.mastery[k]) : 0;
  if (!(belief <= TOLERANCE)) return { wrong: `mastery differs by ${belief}` };
  const said = wanted.reasons && reasons.why({ probabilities, eligible, mastery }, wanted.choice).join(' ');
  if (said !== wanted.reasons?.join(' ')) return { wrong: `explains the choice as '${said}'` };
  return { apart: Math.max(chances, belief) };
}

function distance(found, wanted) {
  return found.reduce((far, x, i) => Math.max(far, Math.abs(x - wanted(i))), 0);
}

function refused(reason) {
  return new InvalidInput('bundle', [`test_vectors.jsonl: ${reason}`]);
}
