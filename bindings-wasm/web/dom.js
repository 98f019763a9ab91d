// Small things to do with elements.

export const part = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined && child !== ''));
  return made;
}

/** A line drawing of paths, in the colour of the text around it. */
export function drawing(paths, size = 24) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('aria-hidden', 'true');
  for (const d of paths) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    path.setAttribute('class', 'line');
    svg.append(path);
  }
  return svg;
}

/** Saves a Blob under a name. */
export function save(blob, name) {
  const anchor = link(blob, name, '');
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

/** A link that saves a Blob. */
export function link(blob, name, text) {
  return Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name, textContent: text });
}

let said;

/** Tells those who listen; the same words again are told again. */
export function announce(text) {
  clearTimeout(said);
  said = setTimeout(() => (part('live').textContent = text), 50);
}
