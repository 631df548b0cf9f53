// A policy's bundle, opened: nothing of it is believed before its digests are right.
//
// The comment of the archive is the SHA-256 of all bytes before it; the manifest holds the SHA-256 of every other file.

import { InvalidInput } from './invalid.mjs';
import { vector } from './npy.mjs';
import { sha256 } from './platform.mjs';
import { unzip } from './zip.mjs';

export const FORMAT = 'curriculum-rl policy';
export const VERSION = 2;
const GRAPH = 'step.onnx';
const STATE = 'initial_state.npy';
const CATALOGUE = 'catalogue.json';
const MANIFEST = 'manifest.json';
const VECTORS = 'test_vectors.jsonl';
const CARD = 'MODEL_CARD.md';
const FILES = [CARD, CATALOGUE, STATE, MANIFEST, GRAPH, VECTORS]; // sorted by name
const DIGITS = 64;
const MOST_BYTES = 200_000_000;

/**
 * @typedef {object} Bundle
 * @property {string} digest "sha256:..." of the whole file
 * @property {object} manifest
 * @property {object} catalogue activities, concepts and prerequisites, in the order of the graph's columns
 * @property {Float32Array} initialState of a student nobody has seen
 * @property {Uint8Array} graph
 * @property {string} card the model card, Markdown
 * @property {() => object[]} vectors the test vectors, a student each
 */

/**
 * @param {ArrayBuffer | Uint8Array} content of the file
 * @param {string} [where] its name, for messages
 * @returns {Promise<Bundle>}
 * @throws {InvalidInput} it is damaged, or no bundle
 */
export async function openBundle(content, where = 'bundle') {
  const bytes = new Uint8Array(content.buffer ?? content, content.byteOffset ?? 0, content.byteLength); // no Buffer
  const refuse = (reason) => new InvalidInput(where, [reason]);
  const damaged = 'is damaged or no bundle: its digest is not that of its content. Export it again';
  if (bytes.length < DIGITS) throw refuse(damaged);
  const said = new TextDecoder().decode(bytes.subarray(-DIGITS));
  if (said !== (await sha256(bytes.subarray(0, -DIGITS)))) throw refuse(damaged);
  try {
    const files = await unzip(bytes, DIGITS, MOST_BYTES);
    const names = [...files.keys()].sort();
    if (names.join() !== FILES.join()) throw refuse(`holds ${names.join(', ')}: must hold ${FILES.join(', ')}`);
    const manifest = await checked(files, refuse);
    const initialState = vector(files.get(STATE));
    if (initialState.length !== manifest.state?.size) {
      throw refuse(`${STATE}: is not of the size that ${MANIFEST} says`);
    }
    const catalogue = JSON.parse(new TextDecoder().decode(files.get(CATALOGUE)));
    if (!listed(catalogue)) throw refuse(`${CATALOGUE}: lists no activities, or some on concepts that it does not list`);
    const text = (name) => new TextDecoder('utf-8', { fatal: true }).decode(files.get(name));
    return {
      digest: `sha256:${await sha256(bytes)}`,
      manifest,
      catalogue,
      initialState,
      graph: files.get(GRAPH),
      card: text(CARD),
      vectors: () => text(VECTORS).split('\n').filter(Boolean).map((line) => JSON.parse(line)),
    };
  } catch (error) {
    throw error instanceof InvalidInput ? error : refuse(`is damaged: ${error.message}. Export it again`);
  }
}

/** Whether a catalogue has all that a runner reads of it. */
function listed({ activities, concepts, prerequisites }) {
  const known = new Set(concepts.map(({ id }) => id));
  const ends = prerequisites.flatMap(({ prerequisite, concept }) => [prerequisite, concept]);
  const practised = activities.map((activity) => Object.keys(activity.concepts));
  const some = practised.length > 0 && practised.every((each) => each.length > 0);
  return some && [...ends, ...practised.flat()].every((id) => known.has(id));
}

/** The manifest, whose digests are those of the files. */
async function checked(files, refuse) {
  const manifest = JSON.parse(new TextDecoder().decode(files.get(MANIFEST)));
  const { format, version } = manifest;
  if (format !== FORMAT || version !== VERSION) {
    throw refuse(`${MANIFEST}: is '${format}', version ${version}; this reads '${FORMAT}', version ${VERSION}`);
  }
  for (const name of FILES) {
    if (name !== MANIFEST && manifest.sha256?.[name] !== (await sha256(files.get(name)))) {
      throw refuse(`${name}: its digest is not the one in ${MANIFEST}`);
    }
  }
  return manifest;
}
