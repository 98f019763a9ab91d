// Step 1: where the mail is from, and how to get it out of there.
import { drawing, element, part } from './dom.js';
import { keep, state } from './state.js';
import { say } from './text.js';

const TICKS = ['M4 5h10v5H4zM4 14h10v5H4z', 'm17 7 1.5 1.5L21 6M17 16l1.5 1.5L21 15'];
const DOWN = ['M12 3v12M7 10l5 5 5-5', 'M4 20h16'];
const MENU = ['M4 6h16M4 12h16M4 18h9'];
const FOLDER = ['M3 6h7l2 3h9v10H3z'];
const GEAR = ['M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1'];
const DEVICE = ['M3 5h18v11H3zM8 20h8M12 16v4'];

/** The drawings of the three steps of each. */
const STEPS = {
  gmail: [TICKS, DOWN, FOLDER],
  outlook: [MENU, FOLDER, DOWN],
  apple: [MENU, MENU, FOLDER],
  thunderbird: [MENU, GEAR, FOLDER],
  yahoo: [DEVICE, DEVICE, FOLDER],
  icloud: [DEVICE, TICKS, DOWN],
  other: [GEAR, DEVICE, FOLDER],
};

const cards = [...part('origins').children];
for (const card of cards) {
  card.addEventListener('click', () => {
    keep({ origin: state.origin === card.dataset.origin ? '' : card.dataset.origin });
    showOrigins();
    if (state.origin) part('origin-steps').scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  });
}

export function showOrigins() {
  for (const card of cards) card.ariaPressed = String(state.origin === card.dataset.origin);
  showSteps();
}

function showSteps() {
  const panel = part('origin-steps');
  const drawings = STEPS[state.origin];
  panel.hidden = !drawings;
  if (!drawings) return;
  const steps = drawings.map((icon, at) =>
    element('li', {}, drawing(icon), element('div', {}, element('strong', { textContent: say(`${state.origin}_${at + 1}_title`) }), element('p', { textContent: say(`${state.origin}_${at + 1}`) }))),
  );
  panel.replaceChildren(element('h2', { textContent: say('getIt', { origin: say(`origin_${state.origin}`) }) }), element('ol', { className: 'how' }, ...steps));
}
