/** A curve of hit rates for each policy, as an SVG that charts itself for light and dark pages alike. */

import * as echarts from 'echarts';

const COLOURS = ['#c0392b', '#e08e0b', '#2471a3', '#1e8449'];
const INK = '#7f8c8d';

export function plotScenario(title, rows, bucketMs, eventMs) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 360 });
  const lowest = Math.min(...rows.flatMap(({ rates }) => rates.filter((rate) => rate !== null)));
  chart.setOption({
    animation: false,
    color: COLOURS,
    title: { text: title, left: 'center', top: 0, textStyle: { color: INK } },
    legend: { top: 30, textStyle: { color: INK } },
    grid: { left: 60, right: 20, top: 70, bottom: 50 },
    xAxis: {
      type: 'value',
      name: 'seconds',
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: { color: INK },
      nameTextStyle: { color: INK },
    },
    yAxis: {
      type: 'value',
      name: 'hit rate, %',
      min: Math.max(0, Math.floor(lowest - 1)),
      max: 100,
      axisLabel: { color: INK },
      nameTextStyle: { color: INK },
    },
    series: rows.map(({ policy, rates }, i) => ({
      type: 'line',
      name: policy,
      showSymbol: false,
      lineStyle: { width: i < 2 ? 1.5 : 2.5 },
      data: rates.map((rate, bucket) => [(bucket * bucketMs) / 1_000, rate]).filter(([, rate]) => rate !== null),
      markLine:
        i === 0
          ? {
              symbol: 'none',
              silent: true,
              label: { formatter: 'event', color: INK },
              lineStyle: { color: INK },
              data: [{ xAxis: eventMs / 1_000 }],
            }
          : undefined,
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
