// Why this activity now, word for word as in Python's `reasons.py`: from the step's numbers, in whole
// thousandths, and the catalogue alone.

const ALTERNATIVES = 3;
const WORTH_NAMING = 10; // thousandths

/** What has to be known of a catalogue to give reasons. */
export class Reasons {
  /** @param {object} catalogue of a bundle */
  constructor(catalogue) {
    const place = new Map(catalogue.concepts.map((concept, k) => [concept.id, k]));
    this.activities = catalogue.activities.map((a) => a.name || a.id);
    this.concepts = catalogue.concepts.map((c) => c.name || c.id);
    /** Concepts of each activity. @type {number[][]} */
    this.practised = catalogue.activities.map((a) => Object.keys(a.concepts).map((id) => place.get(id)).sort(ascending));
    /** Prerequisites of each concept. @type {number[][]} */
    this.needed = this.concepts.map(() => []);
    for (const { prerequisite, concept } of catalogue.prerequisites) {
      this.needed[place.get(concept)].push(place.get(prerequisite));
    }
    for (const each of this.needed) each.sort(ascending);
  }

  /**
   * Sentences about the choice of one activity.
   * @param {import('./runner.mjs').Step} step of one student
   * @param {number} chosen position of the activity
   * @returns {string[]}
   */
  why({ probabilities, eligible, mastery: believed }, chosen) {
    const mastery = thousandths(believed);
    return [
      `It practises ${this.#believed(mastery, this.practised[chosen])}.`,
      this.#ready(mastery, chosen),
      ...this.#weakest(mastery, eligible, chosen),
      this.#nextBest(thousandths(probabilities), chosen),
    ];
  }

  #ready(mastery, chosen) {
    const own = this.practised[chosen];
    const needs = distinct(own.flatMap((k) => this.needed[k])).filter((j) => !own.includes(j));
    if (!needs.length) return 'It needs nothing that comes before.';
    if (needs.length === 1) return `It needs ${this.#believed(mastery, needs)}.`;
    const weakest = this.#believed(mastery, [least(mastery, needs)]);
    return `Of the ${needs.length} concepts that it needs, the weakest is ${weakest}.`;
  }

  /** Where the weakest concept of the choice stands among those that could be practised now. */
  #weakest(mastery, eligible, chosen) {
    const open = distinct(this.practised.filter((_, a) => eligible[a]).flat());
    if (open.length < 2) return [];
    const weakest = least(mastery, this.practised[chosen]);
    const less = open.filter((k) => mastery[k] < mastery[weakest]).length;
    const are = less > 1 ? 'are' : 'is';
    return [`Of the ${open.length} concepts open now, ${less || 'none'} ${are} less known than ${this.concepts[weakest]}.`];
  }

  #nextBest(probabilities, chosen) {
    const others = ranked(probabilities).filter((a) => a !== chosen && probabilities[a] >= WORTH_NAMING);
    if (!others.length) return 'No other activity has a chance of 1% or more.';
    const named = others.slice(0, ALTERNATIVES).map((a) => `${this.activities[a]} (${whole(probabilities[a])})`);
    return `Next best: ${named.join(', ')}.`;
  }

  #believed(mastery, concepts) {
    return concepts.map((k) => `${this.concepts[k]} (believed known: ${whole(mastery[k])})`).join(', ');
  }
}

/** Activities that have a chance, the likeliest first. */
export function ranked(probabilities) {
  const some = Array.from(probabilities, (_, a) => a).filter((a) => probabilities[a] > 0);
  return some.sort((a, b) => probabilities[b] - probabilities[a]);
}

/** A share in whole percent. */
export function percent(share) {
  return whole(thousandths([share])[0]);
}

function thousandths(shares) {
  return Array.from(shares, (share) => Math.floor(Math.min(Math.max(share, 0), 1) * 1000 + 0.5));
}

function whole(thousandth) {
  return `${Math.floor((thousandth + 5) / 10)}%`;
}

function least(mastery, concepts) {
  return concepts.reduce((low, k) => (mastery[k] < mastery[low] || (mastery[k] === mastery[low] && k < low) ? k : low));
}

function distinct(numbers) {
  return [...new Set(numbers)].sort(ascending);
}

function ascending(a, b) {
  return a - b;
}
