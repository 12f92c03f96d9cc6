// The report of `cupel score`. The data is one object, as --json prints it.
'use strict';

const report = JSON.parse(document.getElementById('data').textContent).score;
const put = (id, ...children) => document.getElementById(id).replaceChildren(...children.filter((child) => child !== null && child !== undefined));
const note = (text) => element('p', {class: 'quiet'}, text);
const said = (text) => element('pre', {class: 'said'}, text);

function tile(label, value, more) {
  return element('div', {class: 'tile'}, element('div', {class: 'label'}, label), element('div', {class: 'value'}, value), element('div', {class: 'more'}, more || ''));
}

function drawOverview() {
  const {counts, signal, attacks, agreement, speed} = report;
  const correct = counts.outcomes.correct || 0;
  const total = report.distributions.find((row) => row.name === 'reward');
  const tiles = [tile('Answers', count(counts.answers), `to ${count(counts.groups)} questions`), tile('Judged correct', percent(correct / counts.answers), `${count(correct)} answers`)];
  if (total) tiles.push(tile('Mean reward', number(total.mean), `${number(total.mean_correct)} when correct, ${number(total.mean_other)} when not`));
  tiles.push(tile('Groups without signal', percent(signal.share_without_variance), 'all rewards equal'));
  if (attacks) tiles.push(tile('Best attack', percent(attacks.policies[0].share), attacks.policies[0].policy.replaceAll('_', ' ')));
  if (agreement) tiles.push(tile('Accuracy', percent(agreement.accuracy), `of ${count(agreement.labelled)} labels`));
  tiles.push(tile('Speed', count(speed.answers_per_second), `answers per second, ${speed.threads} threads`));
  put('tiles', ...tiles);
  const lines = report.failures.length ? report.failures : ['Passed: no policy of the battery earns more than its share, no errors, the same scores again.'];
  const errors = counts.errors.map((error) => element('p', {}, `Error, ${count(error.count)} times: ${error.message}`));
  put('verdict', element('div', {class: 'verdict' + (report.failures.length ? ' failed' : '')}, ...lines.map((line) => element('p', {}, line)), ...errors,
      ...report.source.problems.map((problem) => element('p', {class: 'quiet'}, 'Left out: ' + problem))));
}

function shareBar(row, limit) {
  const width = Math.max(0, Math.min(1, row.share || 0));
  return element('span', {}, element('span', {class: 'share'}, element('i', {class: row.failed ? 'beyond' : '', style: `width:${100 * width}%`}), element('b', {style: `left:${100 * limit}%`})), ' ' + percent(row.share));
}

function drawAttacks() {
  const {attacks} = report;
  if (!attacks) return put('attacks-table', note('The attack report was left out.'));
  const {honest} = attacks;
  document.getElementById('attacks-note').textContent = `Policies that do no work, on ${count(attacks.tasks)} questions. An honest right answer is worth ${number(honest.high)} (${honest.basis}), nothing is worth ${number(honest.low)}; honest answers earn ${number(honest.mean)} on average. A policy fails from ${percent(attacks.max_share)} of the way up, marked in the bars.`;
  const terms = Object.keys(attacks.policies[0].terms);
  put('attacks-table', table(attacks.policies, [
    {title: 'Policy', value: (row) => row.policy, text: (row) => element('b', {class: row.failed ? 'down' : ''}, row.policy.replaceAll('_', ' '))},
    {title: 'What it does', value: (row) => row.what},
    {title: 'Share', value: (row) => row.share, text: (row) => shareBar(row, attacks.max_share), isNumber: true},
    {title: 'Reward', value: (row) => row.mean, text: (row) => number(row.mean), isNumber: true},
    {title: 'Correct', value: (row) => row.correct, text: (row) => percent(row.correct), isNumber: true},
    {title: 'No score', value: (row) => row.unscored, text: (row) => percent(row.unscored), isNumber: true},
    ...terms.map((term) => ({title: term, value: (row) => row.terms[term], text: (row) => number(row.terms[term]), isNumber: true})),
    {title: 'One of its answers', value: (row) => row.example, text: (row) => said(row.example)}], 2));
}

// Bars from `low` to `high`, answers judged correct on top of the others.
function histogram(row) {
  const width = 380, height = 130, bottom = 18;
  const bins = row.histogram.correct.map((correct, i) => ({correct, other: row.histogram.other[i]}));
  const most = Math.max(1, ...bins.map((bin) => bin.correct + bin.other));
  const scale = (value) => Math.sqrt(value / most) * (height - bottom - 6);
  const each = width / bins.length;
  const chart = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${row.name}: mean ${number(row.mean)}, from ${number(row.min)} to ${number(row.max)}`});
  bins.forEach((bin, i) => {
    const full = scale(bin.correct + bin.other);
    if (full === 0) return;
    const green = full * bin.correct / (bin.correct + bin.other);
    const at = (y, size, color) => svg('rect', {x: (i * each).toFixed(1), y: y.toFixed(1), width: (each - 1).toFixed(1), height: size.toFixed(1), fill: `var(--${color})`});
    const title = svg('title');
    title.textContent = `${count(bin.correct)} correct, ${count(bin.other)} other`;
    chart.append(svg('g', {class: 'bar'}, title, at(height - bottom - full, green, 'correct'), at(height - bottom - full + green, full - green, 'incorrect')));
  });
  for (const [x, anchor, value] of [[0, 'start', row.histogram.low], [width, 'end', row.histogram.high]]) {
    const label = svg('text', {x, y: height - 4, 'text-anchor': anchor});
    label.textContent = number(value);
    chart.append(label);
  }
  return element('div', {class: 'card histogram'}, element('h3', {}, row.name), chart);
}

function drawDistributions() {
  const rows = report.distributions;
  put('histograms', ...rows.map(histogram));
  const column = (title, value, text = number) => ({title, value, text: (row) => text(value(row)), isNumber: true});
  put('distributions-table', table(rows, [{title: 'Term', value: (row) => row.name}, column('Mean', (row) => row.mean), column('Std', (row) => row.std), column('Min', (row) => row.min),
    column('5 %', (row) => row.quantiles['5']), column('Median', (row) => row.quantiles['50']), column('95 %', (row) => row.quantiles['95']), column('Max', (row) => row.max),
    column('When correct', (row) => row.mean_correct), column('When not', (row) => row.mean_other), column('Zero', (row) => row.share_zero, percent)]));
}

const answerColumns = (last) => [{title: 'Where', value: (row) => row.where}, {title: 'Question', value: (row) => row.question}, {title: 'Gold', value: (row) => row.gold},
  {title: 'Reward', value: (row) => row.reward, text: (row) => number(row.reward), isNumber: true}, last, {title: 'Verdict', value: (row) => outcomeName(row.outcome) + ': ' + row.reason},
  {title: 'Answer', value: (row) => row.text, text: (row) => said(row.text)}];

function drawAgreement() {
  const {agreement} = report;
  if (!agreement) return put('agreement-body', note('The answers have no labels. Give the lines a member "label" to see how often the reward is wrong.'));
  const cell = (value) => element('td', {}, count(value));
  const row = (name, ...cells) => element('tr', {}, element('th', {scope: 'row'}, name), ...cells);
  put('agreement-body',
      note(`${count(agreement.labelled)} labels; an answer counts as accepted from ${number(agreement.threshold)} on. Precision ${percent(agreement.precision)}, recall ${percent(agreement.recall)}, accuracy ${percent(agreement.accuracy)}, area under the curve ${number(agreement.auc)}.`),
      element('table', {class: 'confusion card'}, element('thead', {}, element('tr', {}, element('td', {}), element('th', {scope: 'col'}, 'accepted'), element('th', {scope: 'col'}, 'refused'))),
          element('tbody', {}, row('right', cell(agreement.true_positive), cell(agreement.false_negative)), row('wrong', cell(agreement.false_positive), cell(agreement.true_negative)))),
      agreement.worst.length ? element('h3', {}, `Disagreements, worst first (${count(agreement.disagreements)} in all)`) : null,
      agreement.worst.length ? table(agreement.worst, answerColumns({title: 'Label', value: (entry) => entry.label, text: (entry) => number(entry.label), isNumber: true})) : null);
}

function drawSignal() {
  const {signal} = report;
  put('signal-body', note(`${percent(signal.share_without_variance)} of ${count(signal.groups)} groups have no signal; ${percent(signal.share_all_correct)} are all correct, ${percent(signal.share_none_correct)} have nothing correct.`),
      table(signal.terms, [{title: 'Term', value: (row) => row.name}, {title: 'Share of the advantage', value: (row) => row.advantage_share, text: (row) => percent(row.advantage_share), isNumber: true},
        {title: 'Mean size in the advantage', value: (row) => row.mean_size, text: (row) => number(row.mean_size), isNumber: true},
        {title: 'Groups where it is flat', value: (row) => row.share_without_variance, text: (row) => percent(row.share_without_variance), isNumber: true}], 1));
}

function heat(value) {
  if (!isNumber(value)) return '–';
  return element('span', {class: 'heat', style: `background:color-mix(in srgb, var(--${value < 0 ? 'incorrect' : 'correct'}) ${Math.round(60 * Math.abs(value))}%, transparent)`}, signed(Number(value.toFixed(2))));
}

function drawCorrelations() {
  const {features, rows} = report.correlations;
  put('correlations-table', table(rows, [{title: 'Term', value: (row) => row.name}, ...features.map((feature, i) => ({title: feature, value: (row) => row.values[i], text: (row) => heat(row.values[i]), isNumber: true}))]));
}

function drawSensitivity() {
  const rows = report.sensitivity;
  if (!rows) return put('sensitivity-table', note('Left out.'));
  put('sensitivity-table', table(rows, [{title: 'Change', value: (row) => row.change}, {title: 'Answers', value: (row) => row.answers, text: (row) => count(row.answers), isNumber: true},
    {title: 'Reward changes', value: (row) => row.share_changed, text: (row) => element('span', {class: row.is_neutral && row.share_changed > 0.01 ? 'down' : ''}, percent(row.share_changed)), isNumber: true},
    {title: 'Mean change', value: (row) => row.mean_change, text: (row) => signed(row.mean_change), isNumber: true},
    {title: 'Terms that change', value: (row) => Object.entries(row.terms).filter(([, share]) => share > 0).map(([term, share]) => `${term} ${percent(share)}`).join(', ')},
    {title: 'Example', value: (row) => row.example ? row.example.where : '', text: (row) => row.example ? said(`${number(row.example.before)} → ${number(row.example.after)}\n${row.example.text}`) : '–'}]));
}

function drawComparisons() {
  if (!report.comparisons.length) return put('comparisons-body', note('Nothing to compare with. --against RECIPE adds a second reward.'));
  put('comparisons-body', ...report.comparisons.flatMap((other) => [element('h3', {}, other.name),
    note(`Correlation ${number(other.correlation)}; means ${number(other.mean)} and ${number(other.mean_other)}. Of ${count(other.pairs)} pairs of siblings ${percent(other.share_opposite)} are ordered the other way, ${percent(other.share_ties_broken)} are tied by one reward only.`),
    other.worst.length ? table(other.worst, answerColumns({title: 'Other', value: (row) => row.other, text: (row) => number(row.other), isNumber: true})) : null]));
}

function drawSpeed() {
  const {speed, determinism} = report;
  put('speed-body', note(`${count(speed.answers_per_second)} answers per second on ${speed.threads} threads; verifier ${number(speed.verifier_us_per_answer)} µs per answer, slowest verdict ${number(speed.slowest_verdict_ms)} ms, slowest group ${number(speed.slowest_group_ms)} ms (${speed.slowest_group}).`),
      table(speed.terms, [{title: 'Term', value: (row) => row.name}, {title: 'µs per answer', value: (row) => row.us_per_answer, text: (row) => number(row.us_per_answer), isNumber: true},
        {title: 'Longest group, ms', value: (row) => row.longest_group_ms, text: (row) => number(row.longest_group_ms), isNumber: true}], 1),
      determinism ? note(`${count(determinism.compared)} scores computed again, on one thread and on several: ${count(determinism.different)} of them different.`) : null,
      ...(determinism ? determinism.examples.map((entry) => note(`${entry.where}: ${number(entry.first)}, then ${number(entry.again)} on ${entry.threads} threads`)) : []));
}

setUpTheme();
document.getElementById('title').textContent = report.reward;
document.getElementById('subtitle').textContent = `scored on ${report.source.name}` + (report.source.left_out ? `, ${count(report.source.left_out)} answers left out` : '');
drawOverview();
drawAttacks();
drawDistributions();
drawAgreement();
drawSignal();
drawCorrelations();
drawSensitivity();
drawComparisons();
drawSpeed();
