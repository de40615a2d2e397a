/** Latency over time for each client, with the faults as bands behind it, as SVG. */

import { axisText, INK, svgOf } from '../harness/svg.js';

const COLOURS = ['#0b7a75', '#c8553d', '#5f6caf'];
const LEAST_MS = 0.1;
const HEIGHT = 240;
const WIDTH = 900;

export function plotLatency(results) {
  const lastSecond = Math.max(...results.map(({ figures }) => figures.timeline.at(-1).second));
  return svgOf(WIDTH, 60 + HEIGHT * results.length, {
    title: results.map(({ title }, i) => ({
      text: `${title}: p99 of each half second, and the longest call`,
      left: 60,
      top: 10 + HEIGHT * i,
      textStyle: { color: INK, fontSize: 13 },
    })),
    grid: results.map((_, i) => ({ left: 60, right: 20, top: 45 + HEIGHT * i, height: HEIGHT - 80 })),
    xAxis: results.map((_, i) => ({
      type: 'value',
      gridIndex: i,
      max: Math.ceil(lastSecond),
      name: i === results.length - 1 ? 'seconds' : '',
      nameLocation: 'middle',
      nameGap: 26,
      ...axisText,
    })),
    yAxis: results.map((_, i) => ({
      type: 'log',
      gridIndex: i,
      min: LEAST_MS,
      max: 100_000,
      name: 'ms',
      ...axisText,
    })),
    series: results.flatMap(({ figures, spans }, i) => [
      {
        ...line(i, 'p99', figures.timeline),
        lineStyle: { width: 2, color: COLOURS[i] },
        markArea: {
          silent: true,
          itemStyle: { color: 'rgba(127, 140, 141, 0.15)' },
          label: { color: INK, fontSize: 10 },
          data: spans.map(({ name, from, to }) => [{ name, xAxis: from / 1_000 }, { xAxis: to / 1_000 }]),
        },
      },
      { ...line(i, 'longest', figures.timeline), lineStyle: { width: 1, color: COLOURS[i], opacity: 0.45 } },
    ]),
  });
}

function line(i, measure, timeline) {
  return {
    type: 'line',
    name: measure,
    xAxisIndex: i,
    yAxisIndex: i,
    showSymbol: false,
    data: timeline.map((bucket) => [
      bucket.second,
      bucket[measure] === null ? null : Math.max(LEAST_MS, bucket[measure]),
    ]),
  };
}
