/** The report as one HTML file that needs nothing else: charts are SVG inside it. */

import { cpuChart, families, growthChart, overview, ratioChart } from './report-charts.js';
import { workloadTable } from './tables.js';

const STYLE = `
  body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: #1f2933; background: #f5f7f9; margin: 0; }
  main { max-width: 960px; margin: 0 auto; padding: 24px 20px 60px; }
  h1 { font-size: 26px; margin: 8px 0 4px; }
  h2 { font-size: 19px; margin: 36px 0 10px; }
  figure { margin: 14px 0; background: #fff; border: 1px solid #d9dee4; border-radius: 8px; overflow: hidden; }
  figure svg { display: block; width: 100%; height: auto; }
  .wide { overflow-x: auto; background: #fff; border: 1px solid #d9dee4; border-radius: 8px; }
  table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
  th, td { padding: 5px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid #eceff2; }
  th:first-child, td:first-child { text-align: left; white-space: normal; }
  /* Words may break, figures may not: the verdict has to be seen. */
  .targets th:nth-child(2), .targets td:nth-child(2) { text-align: left; white-space: normal; }
  .met { color: #0b7a75; font-weight: 600; } .missed { color: #b3261e; font-weight: 600; }
  .facts, .note { color: #52606d; font-size: 13px; }
  details { margin: 8px 0; } summary { cursor: pointer; }
`;

const asText = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const figures = (charts) => charts.map((svg) => `<figure>${svg}</figure>`).join('\n');

/** A table of Markdown as one of HTML: both are made from the same text, so they cannot differ. */
function html(markdown, kind = '') {
  const rows = markdown
    .split('\n')
    .filter((_, n) => n !== 1)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const cell = (tag) => (text) => {
    const verdict = /^\**(met|missed)/.exec(text)?.[1];
    const plain = asText(text).replaceAll('**', '');
    return `<${tag}${verdict === undefined ? '' : ` class="${verdict}"`}>${plain}</${tag}>`;
  };
  const [head, ...body] = rows.map((row, n) => `<tr>${row.map(cell(n === 0 ? 'th' : 'td')).join('')}</tr>`);
  return `<div class="wide ${kind}"><table><thead>${head}</thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/**
 * @param {{ facts: string[], targets: string, guards: string, notes: string[], workloads: object[], growth?: object }} report
 * @returns {string}
 */
export function page({ facts, targets, guards, notes, workloads, growth }) {
  const main = ['redis-get-100-256', 'redis-set-100-256', 'memcached-get-100-256', 'memcached-set-100-256'];
  const chosen = workloads.filter(({ id }) => main.includes(id));
  const list = (items) => `<ul class="note">${items.map((item) => `<li>${asText(item)}</li>`).join('')}</ul>`;
  const tables = workloads.map(
    (workload) => `<details><summary>${asText(workload.title)}</summary>${html(workloadTable(workload))}</details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ringfence: benchmark report</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>ringfence: benchmark report</h1>
<p class="facts">${facts.map(asText).join('<br>')}</p>
${figures([overview(workloads)])}
<h2>What it must show</h2>
${html(targets, 'targets')}
${notes.length === 0 ? '' : list(notes)}
<h2>Ratio in each round</h2>
${figures(chosen.flatMap(ratioChart))}
<h2>Processor time of a call</h2>
${figures(chosen.flatMap(cpuChart))}
<h2>In flight, and size of values</h2>
${figures(families(workloads))}
${growth === undefined ? '' : `<h2>Memory</h2>\n${figures(growthChart(growth))}`}
<h2>All workloads</h2>
${tables.join('\n')}
<h2>Guards</h2>
${html(guards)}
</main>
</body>
</html>
`;
}
