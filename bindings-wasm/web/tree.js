// The folders as a tree of boxes to tick (WAI-ARIA: tree view): what is shown is a list of rows, made of a model that keeps what is
// ticked, open and looked for.
import { bytes, count, say } from './text.js';

/** Branches are closed at first where there are more folders than this. */
const MOST_OPEN = 40;

export class Tree {
  #root;
  #onChange;
  #top = { children: [], level: 0 };
  #own = [];
  #found;
  #at;

  constructor(root, onChange) {
    this.#root = root;
    this.#onChange = onChange;
    root.onclick = ({ target }) => this.#clicked(target);
    root.onkeydown = (event) => this.#keyed(event);
  }

  /** Takes `folders` ({ 'a/b': { items, bytes } }); `slashed` has the names of those of which one holds a slash; `off` are not ticked. */
  set(folders, slashed = {}, off = []) {
    this.#top = { children: [], byName: new Map(), level: 0, isOpen: true };
    this.#own = [];
    this.#found = undefined;
    const isOff = new Set(off);
    for (const [path, size] of Object.entries(folders)) {
      let node = this.#top;
      for (const name of slashed[path] ?? path.split('/')) {
        let child = node.byName.get(name);
        if (!child) {
          const escaped = name.replace(/[\\*?/]/g, '\\$&');
          child = { name, path: node.path === undefined ? name : `${node.path}/${name}`, glob: node.glob === undefined ? escaped : `${node.glob}/${escaped}`, above: node, level: node.level + 1, children: [], byName: new Map(), items: 0, bytes: 0, isOn: true };
          node.byName.set(name, child);
          node.children.push(child);
        }
        node = child;
      }
      Object.assign(node, { key: path, own: size, isOn: !isOff.has(node.glob) });
      this.#own.push(node);
      for (let each = node; each !== this.#top; each = each.above) {
        each.items += size.items;
        each.bytes += size.bytes;
      }
    }
    const isSmall = this.#own.length <= MOST_OPEN;
    this.#each(this.#top, (node) => (node.isOpen = isSmall));
    this.#at = this.#top.children[0];
    this.show();
  }

  /** Globs of the folders that are not ticked. */
  off = () => this.#own.filter(({ isOn }) => !isOn).map(({ glob }) => glob);
  /** Their paths, as items have them. */
  offPaths = () => new Set(this.#own.filter(({ isOn }) => !isOn).map(({ key }) => key));
  total = () => this.#own.length;

  tickAll(isOn) {
    const shown = this.#found ?? this.#own;
    for (const node of shown) if (node.own) node.isOn = isOn;
    this.#changed();
  }

  /** Shows those alone of whose path this is a part, and what they are in. */
  find(text) {
    const wanted = text.trim().toLocaleLowerCase();
    this.#found = wanted ? this.#own.filter((node) => node.path.toLocaleLowerCase().includes(wanted)) : undefined;
    this.show();
    return this.#found?.length;
  }

  show() {
    const rows = this.#rows();
    if (!rows.includes(this.#at)) this.#at = rows[0];
    this.#root.replaceChildren(...rows.map((node) => this.#row(node)));
  }

  #rows() {
    const rows = [];
    const wanted = this.#found && new Set();
    for (const node of this.#found ?? []) for (let each = node; each && each !== this.#top; each = each.above) wanted.add(each);
    const visit = (node) => {
      for (const child of node.children) {
        if (wanted && !wanted.has(child)) continue;
        rows.push(child);
        if (wanted || child.isOpen) visit(child);
      }
    };
    visit(this.#top);
    return rows;
  }

  #row(node) {
    const item = document.createElement('li');
    item.role = 'treeitem';
    item.tabIndex = node === this.#at ? 0 : -1;
    item.ariaLevel = String(node.level);
    item.ariaChecked = this.#ticked(node);
    if (node.children.length > 0) item.ariaExpanded = String(Boolean(this.#found) || node.isOpen);
    item.dataset.glob = node.glob;
    item.node = node;
    const row = document.createElement('div');
    row.className = 'row';
    row.style.setProperty('--level', node.level);
    const make = (className, textContent, hidden) => Object.assign(document.createElement('span'), { className, textContent, ...(hidden ? { ariaHidden: 'true' } : {}) });
    row.append(make('twist', '', true), make('box', '', true), make('name', node.name || '/'), ' ', make('size', `${count('items', node.items)} · ${bytes(node.bytes)}`));
    item.append(row);
    return item;
  }

  #ticked(node) {
    const states = new Set();
    this.#each(node, (each) => each.own && states.add(each.isOn));
    return states.size > 1 ? 'mixed' : String(states.has(true));
  }

  #each(node, visit) {
    const waiting = [node];
    while (waiting.length > 0) {
      const each = waiting.pop();
      visit(each);
      waiting.push(...each.children);
    }
  }

  #tick(node) {
    const isOn = this.#ticked(node) !== 'true';
    this.#each(node, (each) => each.own && (each.isOn = isOn));
    this.#changed();
  }

  #changed() {
    for (const item of this.#root.children) item.ariaChecked = this.#ticked(item.node);
    this.#onChange();
  }

  #clicked(target) {
    const item = target.closest('[role=treeitem]');
    if (!item) return;
    this.#focus(item.node);
    if (target.closest('.twist') && item.node.children.length > 0) this.#turn(item.node, !item.node.isOpen);
    else this.#tick(item.node);
  }

  #turn(node, isOpen) {
    node.isOpen = isOpen;
    this.show();
    this.#focus(node);
  }

  #focus(node) {
    this.#at = node;
    for (const item of this.#root.children) {
      item.tabIndex = item.node === node ? 0 : -1;
      if (item.node === node) item.focus();
    }
  }

  #keyed(event) {
    const node = event.target.closest('[role=treeitem]')?.node;
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...this.#root.children].map((item) => item.node);
    const at = rows.indexOf(node);
    const isBranch = node.children.length > 0;
    const does = {
      ArrowDown: () => rows[at + 1] && this.#focus(rows[at + 1]),
      ArrowUp: () => rows[at - 1] && this.#focus(rows[at - 1]),
      Home: () => this.#focus(rows[0]),
      End: () => this.#focus(rows.at(-1)),
      ArrowRight: () => (isBranch && !node.isOpen ? this.#turn(node, true) : isBranch && this.#focus(node.children[0])),
      ArrowLeft: () => (isBranch && node.isOpen ? this.#turn(node, false) : node.above !== this.#top && this.#focus(node.above)),
      ' ': () => this.#tick(node),
      Enter: () => this.#tick(node),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }
}

/** How many of all folders are ticked. */
export const foldersTold = (tree) => say('foldersOn', { on: tree.total() - tree.off().length, all: tree.total() });
