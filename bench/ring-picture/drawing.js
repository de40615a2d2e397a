/** The picture of the ring as SVG: bands, points, keys on their way, notes. Angles are degrees clockwise from the top. */

const SIZE = { width: 920, height: 420 };
const CENTRE = { x: 222, y: 210 };
const RADIUS = 176;
const BAND = 30;
const STAND_IN_RADIUS = RADIUS - 23;
const WALK_RADIUS = RADIUS + 34;
const NOTE_X = 536;
/** Left between two arcs, in degrees. */
const GAP = 0.5;

const STYLE = `
    text { font: 15px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--ink) }
    .key { font: 600 16px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
    .bold { font-weight: 700 }
    .soft { fill: var(--soft); font-size: 13px }
    .title { font-weight: 700; font-size: 17px }
    .line { stroke: var(--ink) }
    .leader { stroke: var(--soft); stroke-width: 1; fill: none }
    .ground { fill: var(--ground) }
    svg { --ink: #1f2328; --soft: #656d76; --ground: #ffffff;
      --a: #2f81f7; --b: #e8702a; --c: #1f9d6b; --d: #a657d6; --e: #c99a06 }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #e6edf3; --soft: #9198a1; --ground: #0d1117;
        --a: #58a6ff; --b: #ff9a57; --c: #3fc98f; --d: #c78bf0; --e: #e3b93c }
    }`;

export class Drawing {
  #bands = [];
  #points = [];
  #walks = [];
  #texts = [];

  /** The keys between two points belong to the node of the second. */
  arc(from, to, name) {
    this.#bands.push(
      `<path d="${arcPath(RADIUS, from + GAP, to)}" fill="none" stroke="${colour(name)}" stroke-width="${BAND}"/>`,
    );
  }

  /** An arc whose owner is ejected: empty and dashed, with its stand-in inside. */
  ejectedArc(from, to, name, standIn) {
    const [outer, inner] = [RADIUS + BAND / 2 - 1, RADIUS - BAND / 2 + 1];
    const outline = `${arcPath(outer, from + GAP, to)} L ${at(inner, to)} ${arcBack(inner, to, from + GAP)} Z`;
    this.#bands.push(
      `<path d="${outline}" fill="${colour(name)}" fill-opacity="0.12" stroke="${colour(name)}" stroke-width="1.6" stroke-dasharray="5 4"/>`,
      `<path d="${arcPath(STAND_IN_RADIUS, from + GAP, to)}" fill="none" stroke="${colour(standIn)}" stroke-width="7"/>`,
    );
  }

  /** A virtual node. */
  point(angle, name, isEjected) {
    const [x, y] = xy(RADIUS, angle);
    const fill = isEjected ? 'var(--ground)' : colour(name);
    this.#points.push(
      `<circle cx="${x}" cy="${y}" r="7" fill="${fill}" stroke="${isEjected ? colour(name) : 'var(--ground)'}" stroke-width="2.5"/>`,
    );
  }

  /** Where a key lies. */
  key(angle) {
    const [x, y] = xy(WALK_RADIUS, angle);
    this.#walks.push(
      `<path d="M ${at(RADIUS + BAND / 2, angle)} L ${at(WALK_RADIUS, angle)}" class="line" stroke-width="1.5"/>`,
      `<rect x="-6" y="-6" width="12" height="12" transform="translate(${x} ${y}) rotate(45)" style="fill: var(--ink)"/>`,
    );
  }

  /** From a key, or from an owner, on to the next: round outside and down to its point. */
  step(from, to, name, { isDashed = false } = {}) {
    const dashes = isDashed ? ' stroke-dasharray="4 4"' : '';
    const tip = RADIUS + 13;
    this.#walks.push(
      `<path d="${arcPath(WALK_RADIUS, from, to)} L ${at(tip + 5, to)}" fill="none" stroke="${colour(name)}" stroke-width="2.5" stroke-linejoin="round"${dashes}/>`,
      `<path d="M 0 0 L -5.5 -10 L 5.5 -10 Z" transform="translate(${at(tip, to)}) rotate(${round(to)})" fill="${colour(name)}"/>`,
    );
  }

  /** What stands inside the ring: its nodes with their shares of the keys. */
  hole(nodes, { points }) {
    const top = CENTRE.y - 74;
    const middle = `x="${CENTRE.x}" text-anchor="middle"`;
    this.#texts.push(
      `<text ${middle} y="${top}" class="title">${nodes.length} nodes</text>`,
      `<text ${middle} y="${top + 20}" class="soft">${points} points each here, 1024 by default</text>`,
    );
    nodes.forEach(({ name, share, isEjected }, i) => {
      const y = top + 52 + i * 24;
      const x = CENTRE.x - 106;
      const dashes = isEjected ? ' stroke-dasharray="3 2.5" fill-opacity="0.12"' : '';
      this.#texts.push(
        `<rect x="${x}" y="${y - 11}" width="13" height="13" rx="3" fill="${colour(name)}" stroke="${colour(name)}" stroke-width="1.5"${dashes}/>`,
        `<text x="${x + 24}" y="${y}">node <tspan class="bold">${name}</tspan>${isEjected ? ', ejected' : ''}</text>`,
        `<text x="${CENTRE.x + 110}" y="${y}" text-anchor="end">${(share * 100).toFixed(1)} %</text>`,
      );
    });
  }

  /** Lines of text beside the ring, with a line to the key of which they tell. */
  note(angle, [title, ...lines]) {
    const [x, y] = xy(WALK_RADIUS, angle).map(Number);
    this.#texts.push(
      `<path d="M ${round(x + 12)} ${y} H ${NOTE_X - 12}" class="leader"/>`,
      `<text x="${NOTE_X}" y="${y + 5}" class="key">${title.text}</text>`,
      ...lines.map((parts, i) => `<text x="${NOTE_X}" y="${y + 30 + i * 21}">${parts.map(span).join(' ')}</text>`),
    );
  }

  toSvg() {
    const parts = [...this.#bands, ...this.#points, ...this.#walks, ...this.#texts];
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" role="img" aria-label="A hash ring of five nodes: a key with its two owners, and an ejected node with its stand-in">
  <style>${STYLE}
  </style>
  ${parts.join('\n  ')}
</svg>
`;
  }
}

function span({ text, node }) {
  if (node === undefined) return text;
  return `<tspan class="bold" style="fill: ${colour(node)}">${node}</tspan>`;
}

function colour(name) {
  return `var(--${name})`;
}

function arcPath(radius, from, to) {
  return `M ${at(radius, from)} A ${radius} ${radius} 0 ${to - from > 180 ? 1 : 0} 1 ${at(radius, to)}`;
}

function arcBack(radius, from, to) {
  return `A ${radius} ${radius} 0 ${from - to > 180 ? 1 : 0} 0 ${at(radius, to)}`;
}

function at(radius, angle) {
  return xy(radius, angle).join(' ');
}

function xy(radius, angle) {
  const turn = (angle * Math.PI) / 180;
  return [round(CENTRE.x + radius * Math.sin(turn)), round(CENTRE.y - radius * Math.cos(turn))];
}

/** Two decimals: sines differ in the last digits from machine to machine. */
function round(number) {
  return Number(number.toFixed(2));
}
