// What was done so far: shown, taken back, and saved as a file.

import { at, make } from './dom.mjs';

const DAY = 86_400;

/** @param {import('./course.mjs').Course} course */
export function showHistory(course) {
  const { events } = course;
  const rows = events.map(({ activity, correct, elapsed }, i) => {
    const { minutes, answered } = course.catalogue.activities[activity];
    const said = answered ? (correct ? 'right' : 'wrong') : 'done';
    const kind = answered ? said : '';
    const after = later(elapsed - Math.round(60 * minutes));
    return make(
      'li',
      {},
      make('span', { class: 'soft number' }, `${i + 1}.`),
      make('span', { class: 'name' }, course.reasons.activities[activity]),
      make('span', { class: `said ${kind}` }, said),
      after ? make('small', {}, after) : null,
    );
  });
  at('events').replaceChildren(...rows.reverse());
  const day = 1 + Math.floor(events.reduce((sum, { elapsed }) => sum + elapsed, 0) / DAY);
  at('clock').textContent = `Student ${course.student} · day ${day} · decision ${events.length + 1}`;
  at('events-none').hidden = events.length > 0;
  at('undo').disabled = at('save').disabled = !events.length;
}

/** Hands a file to the person at the page. */
export function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
  const link = make('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function later(seconds) {
  const days = Math.round(seconds / DAY);
  if (!days) return '';
  return days === 1 ? 'then a day' : `then ${days} days`;
}
