/** All planted faults. */

import a from './a-transport.js';
import b from './b-replies.js';
import c from './c-configuration.js';
import d from './d-ring.js';
import e from './e-load.js';
import f from './f-process.js';
import g from './g-input.js';

export const mutants = [...a, ...b, ...c, ...d, ...e, ...f, ...g];
