// The language that is wanted, said before all else is there.
import { choose } from './text.js';

const { dataset } = document.documentElement;

await choose(dataset.wanted);
if (dataset.waits === 'language') delete dataset.waits;
