/** Bars and lines of the overview, on a white ground. */

import { svgOf } from './svg.js';

const WIDTH = 860;
const FONT = 'system-ui, -apple-system, Segoe UI, sans-serif';
const INK = '#1f2933';
const FAINT = '#d9dee4';
const OURS = '#0b7a75';
const OURS_TOO = '#62b6b0';
const LIMIT = '#9aa5b1';
const OTHERS = ['#c8553d', '#e09f3e', '#5f6caf', '#8f5f9e', '#54755f', '#b07d62', '#3d6b8f', '#a3485c'];

/** Of those drawn so far: each keeps its colour in every chart of a run. */
const coloured = new Map();

/** Ringfence is of one colour everywhere, and what no client can reach is grey. */
function colourOf(label) {
  if (label === 'ringfence') return OURS;
  if (label.startsWith('ringfence')) return OURS_TOO;
  if (label.startsWith('raw sockets')) return LIMIT;
  if (!coloured.has(label)) coloured.set(label, OTHERS[coloured.size % OTHERS.length]);
  return coloured.get(label);
}

function draw(height, option) {
  return svgOf(WIDTH, height, {
    textStyle: { fontFamily: FONT, color: INK },
    backgroundColor: '#ffffff',
    ...option,
    title: { left: 12, top: 8, textStyle: { fontSize: 15, fontWeight: 600, color: INK }, ...option.title },
  });
}

/** Charts one below the other, as one picture. */
export function stacked(charts) {
  let height = 0;
  const parts = charts.map((svg) => {
    const placed = svg.replace('<svg ', `<svg y="${height}" `);
    height += Number(/ height="(\d+)"/.exec(svg)[1]);
    return placed;
  });
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${parts.join('')}</svg>`;
}

const axis = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: FAINT } } };

/** Room for the longest name; widths of text are only guessed without a browser. */
const NAMES = 290;
const ROW = 30;

/** A line from the lowest to the highest round, and the median in figures behind it. */
function whisker(format) {
  return (_, api) => {
    const [row, median, low, high] = [0, 1, 2, 3].map((dimension) => api.value(dimension));
    const [[from, y], [to], [end]] = [low, high, Math.max(median, high)].map((value) => api.coord([value, row]));
    const style = { stroke: INK, lineWidth: 1 };
    const line = (x1, y1, x2, y2) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style });
    const text = { text: format(median), x: end + 8, y, verticalAlign: 'middle', fill: INK, font: `600 12px ${FONT}` };
    const lines = [line(from, y, to, y), line(from, y - 3, from, y + 3), line(to, y - 3, to, y + 3)];
    return { type: 'group', children: [...lines, { type: 'text', style: text }] };
  };
}

/**
 * @param {{ title: string, subtitle: string, rows: { label: string, median: number, low: number, high: number }[],
 *   format: (value: number) => string, mark?: number }} chart `mark` draws a line across the bars
 */
export function bars({ title, subtitle, rows, format, mark }) {
  const upright = [...rows].reverse();
  const top = 62;
  const line = { silent: true, symbol: 'none', lineStyle: { color: INK, type: 'dashed' }, label: { show: false } };
  return draw(top + 34 + rows.length * ROW, {
    title: { text: title, subtext: subtitle, subtextStyle: { color: '#52606d', fontSize: 12 } },
    grid: { left: NAMES, right: 84, top, bottom: 30 },
    xAxis: { type: 'value', min: 0, axisLabel: { formatter: format, color: '#52606d' }, splitNumber: 4, ...axis },
    yAxis: {
      type: 'category',
      data: upright.map(({ label }) => label),
      ...axis,
      axisLabel: { color: INK, fontSize: 12 },
    },
    series: [
      {
        type: 'bar',
        barWidth: 17,
        data: upright.map(({ label, median }) => ({
          value: median,
          itemStyle: { color: colourOf(label), borderRadius: [0, 3, 3, 0] },
        })),
        ...(mark !== undefined && { markLine: { ...line, data: [{ xAxis: mark }] } }),
      },
      {
        type: 'custom',
        clip: false,
        z: 3,
        renderItem: whisker(format),
        data: upright.map(({ median, low, high }, n) => [n, median, low, high]),
        encode: { x: [1, 2, 3], y: 0 },
      },
    ],
  });
}

/**
 * @param {{ title: string, xName: string, format: (value: number) => string, ticks?: string[],
 *   lines: { label: string, points: (number | [number, number])[] }[] }} chart with `ticks` the points are values by tick,
 *   on a logarithmic scale: there equal ratios are equal distances
 */
export function lines({ title, xName, format, ticks, lines: all }) {
  const x =
    ticks === undefined
      ? { type: 'value', min: 0, ...axis }
      : { type: 'category', data: ticks, boundaryGap: false, ...axis };
  return draw(360, {
    title: { text: title },
    legend: {
      left: 12,
      right: 12,
      top: 34,
      icon: 'roundRect',
      itemWidth: 12,
      itemHeight: 4,
      // Without a browser widths of text are guessed, and too small.
      itemGap: 34,
      textStyle: { color: INK, fontSize: 11 },
    },
    grid: { left: 12, right: 28, top: all.length > 5 ? 112 : 76, bottom: 34, containLabel: true },
    xAxis: { ...x, name: xName, nameLocation: 'middle', nameGap: 26, axisLabel: { color: '#52606d' } },
    yAxis: {
      ...(ticks === undefined ? { type: 'value', min: 0 } : { type: 'log' }),
      axisLabel: { formatter: format, color: '#52606d' },
      ...axis,
    },
    series: all.map(({ label, points }) => ({
      type: 'line',
      name: label,
      data: points,
      symbolSize: 6,
      showSymbol: points.length < 20,
      itemStyle: { color: colourOf(label) },
      lineStyle: { width: label === 'ringfence' ? 3 : 1.8, type: label.startsWith('raw') ? 'dashed' : 'solid' },
    })),
  });
}
