// Which charts there are. Metrics that none of them shows get charts of their own at the end, so that a new metric appears by itself.
'use strict';

const curve = (name) => (run) => run.curves[name];
const metric = (name) => (run) => run.metrics[name];
const used = new Set();
function metricLine(label, name, more = {}) {
  used.add(name);
  return {label, values: metric(name), ...more};
}
const share = {format: percent, floor: 0, ceiling: 1};

// Metrics that the curves computed from the completions show already.
['reward', 'frac_reward_zero_std', 'completions/mean_length', 'completions/min_length', 'completions/max_length', 'completions/clipped_ratio', 'num_tokens']
    .forEach((name) => used.add(name));

function evaluationPoints(run) {
  return run.evaluations.map((evaluation) => ({x: evaluation.step, y: evaluation.pass_at_1, error: evaluation.standard_error, label: `${evaluation.name}: pass@1 ${percent(evaluation.pass_at_1)} ± ${percent(evaluation.standard_error)} after step ${evaluation.step}`}));
}

function rewardTermLines() {
  const names = new Set(runs.flatMap((run) => Object.keys(run.metrics)).filter((name) => /^rewards\/.*\/mean$/.test(name)));
  return [...names].map((name) => metricLine(name.slice(8, -5), name));
}

function chartSections() {
  const learning = [
    {title: 'Reward', note: 'mean over completions; band: ± 2 standard errors over groups', lines: [{label: '', values: curve('reward'), low: curve('reward_low'), high: curve('reward_high')}]},
    {title: 'Pass rate', note: 'share of judged completions that are correct', ...share, lines: [{label: 'training', values: curve('pass_rate')}], points: evaluationPoints, pointLabel: 'held-out pass@1 ± standard error'},
    {title: 'Groups', note: 'share of groups by how many of their answers are correct', stacked: true, ...share, lines: [
      {label: 'all correct', values: curve('all_correct'), color: 'var(--correct)'}, {label: 'mixed', values: curve('mixed'), color: 'var(--c0)'},
      {label: 'all wrong', values: curve('all_wrong'), color: 'var(--incorrect)'}]},
    {title: 'Verdicts', note: 'share of completions by outcome', stacked: true, ...share, lines: outcomes.map((outcome) => ({label: outcomeName(outcome), values: nonzero('outcome_' + outcome), color: `var(--${outcome})`}))},
    {title: 'Groups without signal', note: 'share of groups whose rewards are all equal: the rewards teach nothing there', ...share, lines: [{label: '', values: curve('no_signal')}]},
    ...(rewardTermLines().length > 1 ? [{title: 'Reward terms', note: 'mean of each term, before its weight', lines: rewardTermLines()}] : []),
  ];
  const answers = [
    {title: 'Length of completions', note: 'tokens; line: mean, dashed: median, band: 5 % to 95 %', floor: 0, lines: [
      {label: 'mean', values: curve('length_mean'), low: curve('length_q05'), high: curve('length_q95')}, {label: 'median', values: curve('length_q50'), dash: '4 3'}]},
    {title: 'Cut off', note: 'share of completions that reached the length limit', ...share, lines: [{label: '', values: curve('truncated')}]},
    {title: 'Entropy', note: 'nats per token', floor: 0, lines: [metricLine('', 'entropy')]},
  ];
  const update = [
    {title: 'Policy loss', lines: [metricLine('', 'policy_loss')]},
    {title: 'Gradient norm', note: 'before clipping', floor: 0, log: true, lines: [metricLine('', 'grad_norm')]},
    {title: 'KL', note: 'to the reference policy', lines: [metricLine('', 'kl')]},
    {title: 'Clipped tokens', note: 'share of tokens whose ratio left the clip range', format: percent, floor: 0, lines: [metricLine('low', 'clip_ratio/low_mean'), metricLine('high', 'clip_ratio/high_mean'), metricLine('either', 'clip_ratio/region_mean', {dash: '4 3'})]},
    {title: 'Learning rate', floor: 0, lines: [metricLine('', 'learning_rate')]},
    {title: 'Sampler and trainer', note: 'difference of log-probabilities of a token; 0: same bits', floor: 0, log: true, lines: [metricLine('mean', 'sampling/sampling_logp_difference/mean'), metricLine('max', 'sampling/sampling_logp_difference/max', {dash: '4 3'})]},
    {title: 'Sampler and trainer: histogram', note: 'share of tokens whose log-probabilities differ by more than so many nats', ...share, lines: ['0.001', '0.01', '0.1', '1'].map((bound) => metricLine(bound, `sampling/sampling_logp_difference/above_${bound}`))},
  ];
  const speed = [
    {title: 'Tokens per second', floor: 0, lines: [metricLine('sampled', 'time/sampled_tokens_per_second'), metricLine('trained', 'time/trained_tokens_per_second', {dash: '4 3'})]},
    {title: 'Time per step', note: 'seconds, by phase', stacked: true, floor: 0, format: (value) => number(value) + ' s', lines: [metricLine('rollouts', 'time/rollout_seconds'), metricLine('learning', 'time/learn_seconds'), {label: 'other', values: otherTime, color: 'var(--no_answer)'}]},
  ];
  used.add('step_time');
  const rest = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].filter((name) => !used.has(name)).map((name) => ({title: name, lines: [metricLine('', name)]}));
  return [['Learning', learning], ['Completions', answers], ['Update', update], ['Speed', speed], ['Other metrics', rest]];
}

// Outcomes that never occur have no place in the legend.
function nonzero(name) {
  return (run) => run.curves[name] && run.curves[name].some((value) => value > 0) ? run.curves[name] : null;
}

function otherTime(run) {
  const {step_time: all, 'time/rollout_seconds': rollout, 'time/learn_seconds': learn} = run.metrics;
  if (!all || !rollout || !learn) return null;
  const rest = all.map((value, i) => isNumber(value) && isNumber(rollout[i]) && isNumber(learn[i]) ? Math.max(0, value - rollout[i] - learn[i]) : null);
  return rest.some((value) => value > 1e-3) ? rest : null;
}

function hasValues(spec) {
  return runs.some((run) => spec.lines.some((line) => (line.values(run) || []).some(isNumber)));
}

function drawCurves() {
  const host = document.getElementById('charts');
  for (const [title, specs] of chartSections()) {
    const kept = specs.filter(hasValues);
    if (!kept.length) continue;
    const charts = kept.map((spec) => new Chart(spec));
    const grid = element('div', {class: 'charts'}, ...charts.map((chart) => chart.node));
    host.append(title === 'Other metrics' && kept.length > 6 ? element('details', {}, element('summary', {}, `${title} (${kept.length})`), grid) : element('div', {}, element('h3', {}, title), grid));
    for (const chart of charts) chart.draw();
  }
  if (!host.children.length) host.append(element('p', {class: 'quiet'}, 'No step is stored yet.'));
}
