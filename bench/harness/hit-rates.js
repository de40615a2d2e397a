/** Curves of hit rates over seconds, with a line where something began, for light and dark pages alike. */

import { axisText, INK, svgOf } from './svg.js';

/**
 * @param {{ title: string, height: number, colours: string[], bucketMs: number, mark: { atMs: number, label: string },
 *   curves: { name: string, rates: (number | null)[], width: number }[], percents?: { name: string, points: [number, number][] } }} chart
 *   rates in percent by bucket, `null` where nothing was read; `percents` is a second measure, on an axis at the right
 */
export function hitRates({ title, height, colours, bucketMs, mark, curves, percents }) {
  const lowest = Math.min(...curves.flatMap(({ rates }) => rates.filter((rate) => rate !== null)));
  const hits = { type: 'value', name: 'hit rate, %', min: Math.max(0, Math.floor(lowest - 1)), max: 100, ...axisText };
  const markLine = {
    symbol: 'none',
    silent: true,
    label: { formatter: mark.label, color: INK },
    lineStyle: { color: INK },
    data: [{ xAxis: mark.atMs / 1_000 }],
  };
  const series = curves.map(({ name, rates, width }, i) => ({
    type: 'line',
    name,
    showSymbol: false,
    lineStyle: { width },
    data: rates.map((rate, bucket) => [(bucket * bucketMs) / 1_000, rate]).filter(([, rate]) => rate !== null),
    markLine: i === 0 ? markLine : undefined,
  }));
  return svgOf(900, height, {
    color: colours,
    title: { text: title, left: 'center', top: 0, textStyle: { color: INK } },
    legend: { top: 30, textStyle: { color: INK } },
    grid: { left: 60, right: percents === undefined ? 20 : 60, top: 70, bottom: 50 },
    xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 28, ...axisText },
    yAxis: percents === undefined ? hits : [hits, percentAxis(percents)],
    series: percents === undefined ? series : [...series, percentSeries(percents)],
  });
}

function percentAxis({ name }) {
  return { type: 'value', name: `${name}, %`, min: 0, max: 100, splitLine: { show: false }, ...axisText };
}

function percentSeries({ name, points }) {
  return {
    type: 'line',
    name: `${name} (right)`,
    yAxisIndex: 1,
    step: 'end',
    showSymbol: false,
    lineStyle: { width: 1, type: 'dashed', color: INK },
    itemStyle: { color: INK },
    data: points,
  };
}
