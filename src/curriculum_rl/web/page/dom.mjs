// Elements from names, attributes and children. Text is always text: no content of a bundle can become markup.

const SVG = 'http://www.w3.org/2000/svg';

/** @param {Record<string, unknown>} attributes those that are null, undefined or false are left out */
export function make(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function makeSvg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** A button that does something. */
export function button(text, act, attributes) {
  const made = make('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

/** The element of an id, which the page has. */
export function at(id) {
  return document.getElementById(id);
}

/** A share as people read it: never "0%" or "100%" where it is not. */
export function share(x) {
  if (x > 0 && x < 0.005) return '<1%';
  if (x < 1 && x > 0.995) return '>99%';
  return `${Math.round(100 * x)}%`;
}

export function duration(minutes) {
  return minutes < 1 ? `${Math.round(60 * minutes)} s` : `${minutes} min`;
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
