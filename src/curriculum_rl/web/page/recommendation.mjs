// What is recommended now and why, and what would come instead of it.

import { at, button, duration, make, share } from './dom.mjs';

/** @param {import('./course.mjs').Course} course @param {import('./course.mjs').Decision} decision */
export function showRecommendation(course, decision) {
  const { chosen, by, chances, reasons, otherwise } = decision;
  const { activities } = course.reasons;
  const activity = chosen === null ? null : course.catalogue.activities[chosen];
  at('activity').textContent = activity ? activities[chosen] : 'Nothing may be chosen now';
  at('about').textContent = activity ? about(activity, course, by, chances[chosen]) : shut(course);
  at('reasons').replaceChildren(...reasons.map((reason) => make('li', {}, reason)));
  at('otherwise').textContent = other(course, chosen, otherwise);
  at('overruled').textContent =
    course.pinned !== null && by === 'policy' ? `Pinned, but locked now: ${activities[course.pinned]}.` : '';
  at('answers').hidden = at('why').hidden = !activity;
  at('right').hidden = at('wrong').hidden = !activity?.answered;
  at('done').hidden = !activity || activity.answered;
  at('said').textContent = activity ? `Recommended: ${activities[chosen]}. ${reasons[0]}` : at('activity').textContent;
}

/** @param {(a: number, kind: 'pin' | 'exclude') => void} act */
export function showRanking(course, { ranking, chances, step }, act) {
  const sure = step.probabilities.some((p) => p > 0.9999);
  at('ranking-about').textContent = sure
    ? 'The strategy is sure of the first. The others are what it would choose, were those above excluded.'
    : 'With the probability that the strategy gives each.';
  const rows = ranking.map((a) => {
    const fill = make('div', { class: 'fill' });
    fill.style.width = `${100 * chances[a]}%`;
    const name = course.reasons.activities[a];
    return make(
      'li',
      {},
      make('span', { class: 'name' }, name),
      make('span', { class: 'number' }, share(chances[a])),
      make('div', { class: 'track', 'aria-hidden': 'true' }, fill),
      make('span', { class: 'tools' }, ...tools(course, a, act)),
    );
  });
  at('ranking').replaceChildren(...rows);
}

/** Pin and exclude, for one activity. */
export function tools(course, a, act) {
  const name = course.reasons.activities[a];
  const tool = (kind, word, pressed) =>
    button(word, () => act(a, kind), {
      class: 'small',
      'aria-pressed': pressed,
      'aria-label': `${word} ${name}`,
      'data-tool': `${kind}-${a}`,
    });
  return [tool('pin', 'Pin', String(course.pinned === a)), tool('exclude', 'Exclude', String(course.excluded.has(a)))];
}

function about(activity, course, by, chance) {
  const chosen = `${course.sampled ? 'drawn' : 'the likeliest'}, at ${share(chance)}`;
  return [activity.form, duration(activity.minutes), by === 'teacher' ? 'pinned by the teacher' : chosen].join(' · ');
}

function shut(course) {
  const why = course.excluded.size ? 'Everything is locked or excluded' : 'Everything is locked';
  return `${why}. A policy never unlocks anything: allow an activity in the teacher's panel, or undo.`;
}

function other(course, chosen, otherwise) {
  if (!course.events.length || otherwise === null) return '';
  const was = course.events.at(-1).correct ? 'wrong' : 'right';
  const then = otherwise === chosen ? 'the same' : course.reasons.activities[otherwise];
  return `Had the last answer been ${was}: ${then}.`;
}
