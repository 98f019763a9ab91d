// Step 1: where the mail is from, and how to get it out of there.
import { drawing, element, part } from './dom.js';
import { keep, state } from './state.js';
import { say } from './text.js';

const ENVELOPE = ['M3 6h18v13H3z', 'm3 7 9 7 9-7'];
const TICKS = ['M4 5h10v5H4zM4 14h10v5H4z', 'm17 7 1.5 1.5L21 6M17 16l1.5 1.5L21 15'];
const DOWN = ['M12 3v12M7 10l5 5 5-5', 'M4 20h16'];
const MENU = ['M4 6h16M4 12h16M4 18h9'];
const FOLDER = ['M3 6h7l2 3h9v10H3z'];
const GEAR = ['M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1'];
const DEVICE = ['M3 5h18v11H3zM8 20h8M12 16v4'];

/** Each with its drawing, and those of its three steps. */
const ORIGINS = {
  gmail: { icon: ENVELOPE, steps: [TICKS, DOWN, FOLDER] },
  outlook: { icon: ['M4 5h9v14H4z', 'M13 8h7v9h-7M13 9l3.5 3L20 9'], steps: [MENU, FOLDER, DOWN] },
  apple: { icon: ['M4 4h16v16H4z', 'm4 9 8 5 8-5M8 20v-3M16 20v-3'], steps: [MENU, MENU, FOLDER] },
  thunderbird: { icon: ['M12 3a9 9 0 1 0 9 9', 'M6 11l6 4 8-7M20 8V4M20 8h-4'], steps: [MENU, GEAR, FOLDER] },
  yahoo: { icon: ['M4 5l8 9 8-9M12 14v6'], steps: [DEVICE, DEVICE, FOLDER] },
  icloud: { icon: ['M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5 4.3 4.3 0 0 1 17.5 18z'], steps: [DEVICE, TICKS, DOWN] },
  other: { icon: ['M5 3h9l5 5v13H5z', 'M14 3v5h5', 'M9 13h6M9 17h6'], steps: [GEAR, DEVICE, FOLDER] },
};

export function showOrigins() {
  const cards = Object.entries(ORIGINS).map(([name, { icon }]) => {
    const chosen = state.origin === name;
    const card = element('button', { type: 'button', className: 'card' }, drawing(icon), element('span', { textContent: say(`origin_${name}`) }));
    card.dataset.origin = name;
    card.ariaPressed = String(chosen);
    card.addEventListener('click', () => {
      keep({ origin: state.origin === name ? '' : name });
      showOrigins();
      part('origins').querySelector(`[data-origin=${name}]`).focus();
      if (state.origin) part('origin-steps').scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    });
    return card;
  });
  part('origins').replaceChildren(...cards);
  showSteps();
}

function showSteps() {
  const panel = part('origin-steps');
  const origin = ORIGINS[state.origin];
  panel.hidden = !origin;
  if (!origin) return;
  const steps = origin.steps.map((icon, at) =>
    element('li', {}, drawing(icon), element('div', {}, element('strong', { textContent: say(`${state.origin}_${at + 1}_title`) }), element('p', { textContent: say(`${state.origin}_${at + 1}`) }))),
  );
  panel.replaceChildren(element('h2', { textContent: say('getIt', { origin: say(`origin_${state.origin}`) }) }), element('ol', { className: 'how' }, ...steps));
}
