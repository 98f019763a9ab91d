// The folders as a tree of boxes to tick (WAI-ARIA: tree view).
import { bytes, number, say } from './text.js';

/** Shows `folders` ({ 'a/b': { items, bytes } }) in `root`; `slashed` has the names of those of which one holds a slash. */
export function showTree(root, folders, slashed = {}) {
  const top = { children: new Map() };
  for (const [path, size] of Object.entries(folders)) {
    let node = top;
    for (const name of slashed[path] ?? path.split('/')) {
      const glob = name.replace(/[\\*?/]/g, '\\$&');
      if (!node.children.has(name)) node.children.set(name, { name, glob: node.glob === undefined ? glob : `${node.glob}/${glob}`, children: new Map(), items: 0, bytes: 0 });
      node = node.children.get(name);
    }
    node.items += size.items;
    node.bytes += size.bytes;
    node.own = true;
  }
  root.replaceChildren(...[...top.children.values()].map((node) => branch(node, 1)));
  const first = root.querySelector('[role=treeitem]');
  if (first) first.tabIndex = 0;
  root.onclick = ({ target }) => {
    const item = target.closest('[role=treeitem]');
    if (!item) return;
    focus(root, item);
    tick(root, item);
  };
  root.onkeydown = (event) => keyed(root, event);
}

/** Globs of the folders that are not ticked. */
export function unticked(root) {
  return [...root.querySelectorAll('[role=treeitem][data-glob]')].filter((item) => item.dataset.ticked === 'false').map((item) => item.dataset.glob);
}

function branch(node, level) {
  const item = document.createElement('li');
  item.role = 'treeitem';
  item.tabIndex = -1;
  item.ariaLevel = level;
  item.ariaChecked = 'true';
  const size = `${say('items', { count: number(node.items) })}, ${bytes(node.bytes)}`;
  item.ariaLabel = node.own ? `${node.name || '/'}, ${size}` : node.name;
  if (node.own) Object.assign(item.dataset, { glob: node.glob, ticked: 'true' });
  const row = document.createElement('div');
  row.className = 'row';
  const box = Object.assign(document.createElement('span'), { className: 'box', ariaHidden: 'true' });
  const name = Object.assign(document.createElement('span'), { className: 'name', textContent: node.name || '/' });
  const total = Object.assign(document.createElement('span'), { className: 'size', textContent: node.own ? `${number(node.items)} · ${bytes(node.bytes)}` : '' });
  row.append(box, name, total);
  item.append(row);
  if (node.children.size > 0) {
    item.ariaExpanded = 'true';
    const group = document.createElement('ul');
    group.role = 'group';
    group.append(...[...node.children.values()].map((child) => branch(child, level + 1)));
    item.append(group);
  }
  return item;
}

function tick(root, item) {
  const to = item.ariaChecked === 'true' ? 'false' : 'true';
  for (const each of [item, ...item.querySelectorAll('[role=treeitem]')]) {
    each.ariaChecked = to;
    if (each.dataset.glob !== undefined) each.dataset.ticked = to;
  }
  for (let above = item.parentElement.closest('[role=treeitem]'); above; above = above.parentElement.closest('[role=treeitem]')) {
    const states = new Set([...above.querySelectorAll('[role=treeitem]')].map((each) => each.ariaChecked));
    if (above.dataset.glob !== undefined) states.add(above.dataset.ticked);
    above.ariaChecked = states.size === 1 ? [...states][0] : 'mixed';
  }
  root.dispatchEvent(new Event('change', { bubbles: true }));
}

function focus(root, item) {
  for (const each of root.querySelectorAll('[tabindex="0"]')) each.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

function keyed(root, event) {
  const item = event.target.closest('[role=treeitem]');
  const seen = [...root.querySelectorAll('[role=treeitem]')];
  const at = seen.indexOf(item);
  const above = item?.parentElement.closest('[role=treeitem]');
  const moves = { ArrowDown: seen[at + 1], ArrowUp: seen[at - 1], Home: seen[0], End: seen.at(-1), ArrowLeft: above, ArrowRight: item?.querySelector('[role=treeitem]') };
  if (event.key in moves) {
    if (moves[event.key]) focus(root, moves[event.key]);
  } else if (event.key === ' ' || event.key === 'Enter') {
    tick(root, item);
  } else {
    return;
  }
  event.preventDefault();
}
