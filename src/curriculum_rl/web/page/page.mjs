// The page: opens a bundle, and lets a person be the student. All is computed here; nothing leaves the browser.

import * as ort from '../ort/ort.wasm.min.mjs';
import { InvalidInput, openBundle, replay, Runner } from '../runner/runner.mjs';
import { Beliefs } from './belief.mjs';
import { Course } from './course.mjs';
import { at } from './dom.mjs';
import { save, showHistory } from './history.mjs';
import { CurriculumMap, legend } from './map.mjs';
import { showRanking, showRecommendation } from './recommendation.mjs';
import { Teacher } from './teacher.mjs';

const BUNDLE = 'policy.zip';

ort.env.wasm.numThreads = 1; // more would need a page that is isolated from all others
ort.env.wasm.wasmPaths = new URL('../ort/', import.meta.url).href;

let course;
let parts;
let queue = Promise.resolve();

/** One thing after the other: a graph runs once at a time. */
function soon(act) {
  queue = queue.then(act).catch(failed);
  return queue;
}

function failed(error) {
  if (!(error instanceof InvalidInput)) console.error(error);
  at('problem').textContent = error.message;
  at('problem').hidden = false;
}

/** @param {ArrayBuffer} content @param {string} name of the file */
async function open(content, name) {
  const bundle = await openBundle(content, name);
  const { catalogue, manifest } = bundle;
  const { mastered } = catalogue.thresholds;
  course = new Course(await Runner.create(bundle, ort));
  parts?.map.close();
  parts = {
    map: new CurriculumMap(at('map'), course.reasons),
    beliefs: new Beliefs(at('beliefs'), course.reasons.concepts, mastered),
    teacher: new Teacher(course, {
      tool,
      goals: (ids) => change(() => course.aim(ids)),
      choice: () => change(() => {}),
    }),
  };
  at('policy').textContent = manifest.name;
  at('size').textContent =
    `${catalogue.activities.length} activities on ${catalogue.concepts.length} concepts of ${manifest.world}`;
  at('digest').textContent = bundle.digest;
  at('card').textContent = bundle.card;
  at('replayed').textContent = '';
  at('problem').hidden = true;
  at('work').hidden = false;
  document.title = `${manifest.name}: be the student`;
  await show();
}

async function show() {
  const decision = await course.decide();
  const { practised } = course.reasons;
  const { mastery, eligible } = decision.step;
  const open = course.reasons.concepts.map(() => false);
  practised.forEach((each, a) => eligible[a] && each.forEach((k) => (open[k] = true)));
  const seen = {
    mastery,
    open,
    goal: course.runner.concepts.map((id) => course.goals?.includes(id) ?? true),
    mastered: course.catalogue.thresholds.mastered,
    current: decision.chosen === null ? [] : practised[decision.chosen],
  };
  const focused = whereabouts();
  showRecommendation(course, decision);
  showRanking(course, decision, tool);
  parts.teacher.show(decision);
  parts.map.show({ ...seen, goal: seen.goal.map((is) => is && course.goals !== null) });
  parts.beliefs.show(seen, course.earlier);
  at('legend').replaceChildren(...legend(seen.mastered, course.goals !== null));
  showHistory(course);
  refocus(focused);
}

/** Where the keyboard is: what is drawn anew takes the focus away. */
function whereabouts() {
  const { activeElement: here } = document;
  return { section: here.closest('section'), list: here.closest('ul, ol'), tool: here.dataset.tool };
}

/** The keyboard stays where it was, or goes to the first button of the same section. */
function refocus({ section, list, tool: name }) {
  if (name) list.querySelector(`[data-tool="${name}"]`)?.focus();
  const { activeElement } = document;
  if (!section || (activeElement !== document.body && activeElement.offsetParent)) return;
  [...section.querySelectorAll('button:enabled')].find((one) => one.offsetParent)?.focus();
}

/** Does something to the course, then shows what comes of it. */
function change(act) {
  return soon(async () => {
    at('problem').hidden = true;
    await act();
    await show();
  });
}

function tool(a, kind) {
  change(() => {
    if (kind === 'pin') course.pinned = course.pinned === a ? null : a;
    else if (!course.excluded.delete(a)) course.excluded.add(a);
  });
}

function answer(correct) {
  const pause = Number(document.querySelector('input[name=pause]:checked').value);
  change(() => course.decision.chosen !== null && course.answer(correct, pause));
}

at('right').onclick = () => answer(1);
at('wrong').onclick = () => answer(0);
at('done').onclick = () => answer(1);
at('undo').onclick = () => change(() => course.undo());
at('restart').onclick = () => change(() => course.restart());
at('save').onclick = () => save('history.jsonl', course.history());
at('other').onchange = ({ target }) => {
  const [file] = target.files;
  if (file) soon(async () => open(await file.arrayBuffer(), file.name));
};
at('replay').onclick = () =>
  soon(async () => {
    at('replayed').textContent = 'Replaying …';
    const { students, decisions, furthest } = await replay(course.runner);
    const apart = furthest ? furthest.toExponential(0) : '0';
    at('replayed').textContent =
      `${decisions} decisions of ${students} students came out the same here (${apart} apart at most).`;
  });

soon(async () => {
  const response = await fetch(BUNDLE);
  if (!response.ok) throw new InvalidInput(BUNDLE, ['is not beside this page']);
  await open(await response.arrayBuffer(), BUNDLE);
});
