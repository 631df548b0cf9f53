// How an activity is drawn: a decision that can be made again from the name of its event, as in Python's `draw.py`.
//
//     p = (1 - e) pi + e / |eligible|        of what is eligible; exactly 0 elsewhere
//     u = first 53 bits of SHA-256("<digest of the bundle>/<id of the event>") / 2^53
//     the first activity, in the order of the catalogue, at which the sum of p passes u

import { sha256 } from './platform.mjs';

/**
 * What an activity is drawn from: sums to 1, or is all 0 where nothing is eligible.
 * @param {ArrayLike<number>} probabilities of one student
 * @param {ArrayLike<number | boolean>} eligible
 * @param {number} rate share of decisions that are drawn evenly from what is eligible, 0 to 1
 * @returns {Float64Array}
 */
export function explored(probabilities, eligible, rate) {
  let count = 0;
  let total = 0; // rounded probabilities do not sum to 1
  for (let a = 0; a < probabilities.length; a += 1) {
    if (!eligible[a]) continue;
    count += 1;
    total += probabilities[a];
  }
  return Float64Array.from(probabilities, (p, a) => {
    if (!eligible[a]) return 0;
    const even = 1 / count;
    return (1 - rate) * (total > 0 ? p / total : even) + rate * even;
  });
}

/**
 * The draw of an event, in [0, 1).
 * @param {string} digest of the bundle, "sha256:..."
 * @param {string} event its id
 */
export async function uniform(digest, event) {
  const digits = await sha256(new TextEncoder().encode(`${digest}/${event}`));
  return Number(BigInt(`0x${digits.slice(0, 16)}`) >> 11n) / 2 ** 53;
}

/**
 * Which activity is drawn; null where all probabilities are 0.
 * @param {ArrayLike<number>} probabilities
 * @param {number} draw in [0, 1)
 */
export function drawn(probabilities, draw) {
  let sum = 0;
  let last = null; // sums may end a little below 1: what is left is the last one's
  for (let a = 0; a < probabilities.length; a += 1) {
    if (probabilities[a] === 0) continue;
    sum += probabilities[a];
    last = a;
    if (sum > draw) return a;
  }
  return last;
}
