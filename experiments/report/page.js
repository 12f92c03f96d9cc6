// Puts the page together.
'use strict';

function tile(label, value, more) {
  return element('div', {class: 'tile'}, element('div', {class: 'label'}, label), element('div', {class: 'value'}, value), element('div', {class: 'more'}, more || ''));
}

// The mean of the last and of the first tenth of the points.
function ends(values) {
  if (!values) return [null, null];
  const size = Math.max(1, Math.round(values.length / 10));
  return [mean(values.slice(0, size)), mean(values.slice(-size))];
}

function tilesOf(run) {
  const [firstReward, reward] = ends(run.curves.reward);
  const [firstPass, pass] = ends(run.curves.pass_rate);
  const [firstLength, length] = ends(run.curves.length_mean);
  const time = (run.metrics.step_time || []).filter(isNumber);
  const seconds = time.reduce((sum, value) => sum + value, 0) * run.window;
  const before = run.evaluations[0];
  const after = last(run.evaluations);
  const planned = run.recipe.run && run.recipe.run.steps;
  const tiles = [
    tile('Reward', number(reward), isNumber(firstReward) ? `from ${number(firstReward)}` : ''),
    tile('Pass rate', percent(pass), isNumber(firstPass) ? `from ${percent(firstPass)}` : ''),
    tile('Length', number(length), isNumber(firstLength) ? `tokens, from ${number(firstLength)}` : ''),
  ];
  if (after) tiles.unshift(tile(`Held-out pass@1, ${after.name}`, percent(after.pass_at_1), `± ${percent(after.standard_error)}` + (before !== after ? `, ${percent(before.pass_at_1)} ${before.name}` : '')));
  tiles.push(tile('Steps', count(run.totals.steps), planned > run.totals.steps ? `of ${count(planned)}` : 'finished'));
  tiles.push(tile('Completions', count(run.totals.completions), `${count(run.totals.tokens)} tokens in ${count(run.totals.groups)} groups`));
  if (seconds > 0) tiles.push(tile('Time in steps', duration(seconds), `${number(seconds / Math.max(1, run.totals.steps))} s each`));
  return tiles;
}

// One line per run, which is also the legend of the curves.
function comparison() {
  const name = (run) => element('span', {}, element('i', {class: 'swatch', style: `background:${runColor(runs.indexOf(run))}`}), ' ' + run.name);
  const end = (values) => ends(values)[1];
  const evaluation = (run) => last(run.evaluations);
  return table(runs, [{title: 'Run', value: (run) => run.name, text: name},
    {title: 'Held-out pass@1', value: (run) => evaluation(run) ? evaluation(run).pass_at_1 : null, text: (run) => evaluation(run) ? `${percent(evaluation(run).pass_at_1)} ± ${percent(evaluation(run).standard_error)}` : '–', isNumber: true},
    {title: 'Reward', value: (run) => end(run.curves.reward), text: (run) => number(end(run.curves.reward)), isNumber: true},
    {title: 'Pass rate', value: (run) => end(run.curves.pass_rate), text: (run) => percent(end(run.curves.pass_rate)), isNumber: true},
    {title: 'Length', value: (run) => end(run.curves.length_mean), text: (run) => number(end(run.curves.length_mean)), isNumber: true},
    {title: 'Steps', value: (run) => run.totals.steps, text: (run) => count(run.totals.steps), isNumber: true},
    {title: 'Completions', value: (run) => run.totals.completions, text: (run) => count(run.totals.completions), isNumber: true}]);
}

function drawTiles() {
  const host = document.getElementById('tiles');
  if (runs.length > 1) {
    host.style.display = 'block';
    host.replaceChildren(comparison());
  } else {
    host.replaceChildren(...tilesOf(runs[0]));
  }
  const notices = [];
  for (const run of runs) {
    const who = runs.length > 1 ? run.name + ': ' : '';
    if (run.window > 1) notices.push(`${who}each point of a curve is the mean of ${run.window} steps.`);
    const unjudged = mean((run.curves.outcome_error || []).concat(run.curves.outcome_undecided || []));
    if (unjudged > 0.005) notices.push(`${who}some completions could not be judged (outcome error or undecided); see Verdicts.`);
  }
  const groups = runs.reduce((sum, run) => sum + run.totals.groups, 0);
  if (groups > shown.length) notices.push(`${count(shown.length)} of ${count(groups)} groups are shown in full: of steps spread over the run the most divided, the best and the worst. The log has all of them.`);
  document.getElementById('notices').replaceChildren(...notices.map((text) => element('div', {class: 'notice'}, text)));
}

function drawRuns() {
  if (runs.length < 2) return;
  document.getElementById('runs').replaceChildren(...runs.map((run, index) => element('button', {type: 'button', 'aria-pressed': state.visible[index], title: `Show or hide ${run.name}`, onclick: () => toggle(index)}, element('i', {class: 'swatch', style: `background:${runColor(index)}`}), run.name)));
}

function toggle(index) {
  state.visible[index] = !state.visible[index];
  if (!state.visible.some(Boolean)) state.visible[index] = true;
  if (state.visible[index]) state.focus = index;
  else if (state.focus === index) state.focus = state.visible.indexOf(true);
  drawRuns();
  drawTiles();
  drawAnswers();
  drawTasks();
  changed('runs');
}

function setUpHeader() {
  document.getElementById('title').textContent = runs.map((run) => run.name).join(' · ');
  const one = runs[0];
  const model = one.recipe.model ? one.recipe.model.path.split('/').pop() : '';
  document.getElementById('subtitle').textContent = [model, one.info.started && `started ${one.info.started.replace('T', ' ').replace('Z', ' UTC')}`, one.info.ended ? `ended ${one.info.ended.replace('T', ' ').replace('Z', ' UTC')}` : 'not ended', one.info.kernels && `kernels ${one.info.kernels}`].filter(Boolean).join(' · ');
  const slider = document.getElementById('smoothing');
  slider.addEventListener('input', () => { state.smoothing = Number(slider.value); changed('smoothing'); });
}

// A page about a run that is still going loads itself again, unless its reader is in the middle of something.
function setUpRefresh() {
  const meta = document.querySelector('meta[name="cupel-refresh"]');
  if (!meta) return;
  setInterval(() => { if (document.visibilityState === 'visible' && window.scrollY < 200 && state.cursor === null) location.reload(); }, 1000 * Number(meta.content));
}

setUpTheme();
setUpHeader();
drawRuns();
drawTiles();
drawCurves();
drawAnswers();
drawTasks();
drawEvaluations();
drawSettings();
setUpRefresh();
