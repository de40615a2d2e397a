/** A chart as SVG text, drawn by echarts without a browser. */

import { init } from 'echarts';

export function svgOf(width, height, option) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return chart.renderToSVGString();
  } finally {
    // An open chart keeps the process alive.
    chart.dispose();
  }
}

/** Read on light and on dark pages alike, where the chart has no background of its own. */
export const INK = '#7f8c8d';
export const axisText = { axisLabel: { color: INK }, nameTextStyle: { color: INK } };
