// The browser of answers: one group at a time, its answers side by side.
'use strict';

const shown = runs.flatMap((run, index) => run.groups.map((group) => ({...group, run: index})));
// At first the newest answers that differ in reward.
const view = {at: Math.max(0, shown.map((group) => group.why.includes('divided')).lastIndexOf(true)), tint: true, order: 'reward', search: ''};
const encoder = new TextEncoder();

function isShownRun(group) { return state.visible[group.run]; }

function candidates() {
  const wanted = view.search.trim().toLowerCase();
  return shown.filter(isShownRun).filter((group) => !wanted || group.messages.some((message) => message.content.toLowerCase().includes(wanted)) || group.rollouts.some((rollout) => rollout.text.toLowerCase().includes(wanted)));
}

function showGroup(group) {
  view.at = Math.max(0, candidates().indexOf(group));
  drawAnswers();
}

// The shown group whose step is nearest, preferring the one whose answers are most divided.
function showAnswersOf(run, step) {
  const near = shown.filter((group) => group.run === run).sort((a, b) => Math.abs(a.step - step) - Math.abs(b.step - step) || b.why.includes('divided') - a.why.includes('divided'));
  if (!near.length) return;
  view.search = '';
  showGroup(near[0]);
  document.getElementById('answers').scrollIntoView();
}

const meanReward = (group) => mean(group.rollouts.map((rollout) => rollout.reward));
const presets = {
  First: (groups) => groups[0],
  Last: (groups) => groups.find((group) => group.step === last(groups).step),
  Best: (groups) => groups.reduce((best, group) => meanReward(group) >= meanReward(best) ? group : best),
  Worst: (groups) => groups.reduce((worst, group) => meanReward(group) <= meanReward(worst) ? group : worst),
  'Most divided': (groups) => groups.reduce((best, group) => spread(group) > spread(best) ? group : best),
};
function spread(group) {
  const center = meanReward(group);
  return mean(group.rollouts.map((rollout) => (rollout.reward - center) ** 2));
}

function drawBar(groups) {
  const move = (by) => () => { view.at = (view.at + by + groups.length) % groups.length; drawAnswers(); };
  const select = element('select', {'aria-label': 'Group', onchange: (event) => { view.at = Number(event.target.value); drawAnswers(); }},
      ...groups.map((group, i) => element('option', {value: i, ...(i === view.at ? {selected: ''} : {})}, `${runs.length > 1 ? runs[group.run].name + ' · ' : ''}step ${group.step} · group ${group.group}${group.why.length ? ' (' + group.why.join(', ') + ')' : ''}`)));
  const search = element('input', {type: 'search', placeholder: 'Search the shown answers', 'aria-label': 'Search the shown answers', value: view.search, onchange: (event) => { view.search = event.target.value; view.at = 0; drawAnswers(); }});
  const chips = Object.entries(presets).map(([name, pick]) => element('button', {type: 'button', onclick: () => showGroup(pick(groups))}, name));
  const orders = element('select', {'aria-label': 'Order of answers', onchange: (event) => { view.order = event.target.value; drawAnswers(); }}, ...['reward', 'sample', 'length'].map((order) => element('option', {value: order, ...(order === view.order ? {selected: ''} : {})}, 'by ' + order)));
  const tint = element('button', {type: 'button', 'aria-pressed': view.tint, onclick: () => { view.tint = !view.tint; drawAnswers(); }}, 'Tint by log-probability');
  const disabled = groups.length ? {} : {disabled: ''};
  document.getElementById('answers-bar').replaceChildren(
      element('button', {type: 'button', 'aria-label': 'Previous group', onclick: move(-1), ...disabled}, '←'), select,
      element('button', {type: 'button', 'aria-label': 'Next group', onclick: move(1), ...disabled}, '→'), ...(groups.length ? chips : []),
      element('span', {class: 'push'}), search, orders, tint, element('span', {class: 'scale', 'aria-hidden': 'true'}, 'likely', element('i'), 'unlikely'));
}

function drawAnswers() {
  const groups = candidates();
  view.at = Math.min(view.at, Math.max(0, groups.length - 1));
  const focused = document.activeElement && document.activeElement.getAttribute('aria-label');
  drawBar(groups);
  if (focused) document.querySelector(`#answers-bar [aria-label="${focused}"]`)?.focus();
  const host = document.getElementById('group');
  if (!groups.length) {
    host.replaceChildren(element('p', {class: 'quiet'}, view.search ? 'No shown answer contains that. `cupel show RUN --search TEXT` searches all of them.' : 'No answers are stored yet.'));
    return;
  }
  const group = groups[view.at];
  const orders = {reward: (a, b) => b.reward - a.reward || a.sample - b.sample, sample: (a, b) => a.sample - b.sample, length: (a, b) => a.n - b.n};
  const largest = Math.max(1e-9, ...group.rollouts.map((rollout) => Math.abs(rollout.advantage)));
  host.replaceChildren(promptOf(group), element('div', {class: 'answers'}, ...group.rollouts.slice().sort(orders[view.order]).map((rollout) => answerOf(rollout, largest))));
}

function promptOf(group) {
  const correct = group.rollouts.filter((rollout) => rollout.outcome === 'correct').length;
  const said = group.messages.flatMap((message) => [element('div', {class: 'role'}, message.role), element('div', {class: 'said'}, message.content)]);
  return element('div', {class: 'prompt card'}, ...said, element('div', {class: 'facts'}, element('span', {}, 'Gold answer ', element('b', {}, group.answer)), element('span', {}, `${correct} of ${group.rollouts.length} correct`),
      element('span', {}, `mean reward ${number(meanReward(group))}`), element('span', {class: 'quiet'}, `task ${group.task}`), element('span', {class: 'quiet'}, `step ${group.step}, group ${group.group}`)));
}

function advantageBar(advantage, largest) {
  const width = 50 * Math.abs(advantage) / largest;
  const bar = element('i', {style: `width:${width}%;left:${advantage < 0 ? 50 - width : 50}%;background:var(--${advantage < 0 ? 'incorrect' : 'correct'})`});
  return element('div', {class: 'advantage', role: 'img', 'aria-label': `advantage ${signed(advantage)}`}, bar);
}

function answerOf(rollout, largest) {
  const facts = `${rollout.n} tokens${rollout.finish === 'stop' ? '' : rollout.finish === 'length' ? ', cut off' : ', ' + rollout.finish}`;
  const terms = rollout.terms.map(([name, value, weight]) => element('tr', {}, element('td', {}, weight === 1 ? name : `${name} × ${number(weight)}`), element('td', {}, number(value))));
  return element('article', {class: 'answer card', style: `border-top-color:var(--${rollout.outcome})`, 'aria-label': `Sample ${rollout.sample}`},
      element('header', {}, element('span', {class: 'badge', style: `color:var(--${rollout.outcome});background:var(--${rollout.outcome === 'correct' || rollout.outcome === 'incorrect' ? rollout.outcome : 'neutral'}-soft)`}, outcomeName(rollout.outcome)),
          element('b', {}, `reward ${number(rollout.reward)}`), element('span', {class: 'quiet'}, `#${rollout.sample} · ${facts}`)),
      element('div', {class: 'reason'}, rollout.reason + (rollout.rule ? ` (found by ${rollout.rule})` : '')), saidOf(rollout), advantageBar(rollout.advantage, largest),
      element('table', {class: 'terms'}, element('tbody', {}, ...terms, element('tr', {}, element('td', {}, 'advantage'), element('td', {}, signed(rollout.advantage))))));
}

// The text in pieces: tokens, or before and after the extracted answer where the log has no vocabulary.
function saidOf(rollout) {
  const host = element('div', {class: 'said-tokens', tabindex: '0', role: 'region', 'aria-label': 'Completion'});
  if (!rollout.text && !rollout.tokens.length) {
    host.append(element('span', {class: 'control'}, rollout.n ? 'This completion was pruned from the log.' : 'Empty.'));
    return host;
  }
  const pieces = rollout.tokens.length ? rollout.tokens : piecesAround(rollout);
  let text = 0;   // characters of rollout.text that are behind us
  let bytes = 0;  // and their bytes, which spans count
  pieces.forEach((piece, i) => {
    const isText = rollout.text.startsWith(piece, text);
    const span = element('span', isText ? {} : {class: 'control'}, piece);
    if (isText) {
      const size = encoder.encode(piece).length;
      if (rollout.span[1] > rollout.span[0] && bytes < rollout.span[1] && bytes + size > rollout.span[0]) span.classList.add('found');
      text += piece.length;
      bytes += size;
    }
    const logprob = rollout.logprobs[i];
    if (isNumber(logprob)) {
      span.title = `${JSON.stringify(piece)}  log-probability ${logprob.toFixed(3)}, probability ${percent(Math.exp(logprob))}`;
      if (view.tint) span.style.background = `rgb(var(--tint), ${(0.85 * Math.min(1, -logprob / 5)).toFixed(3)})`;
    }
    host.append(span);
  });
  return host;
}

function piecesAround(rollout) {
  const bytes = encoder.encode(rollout.text);
  const decoder = new TextDecoder();
  return [[0, rollout.span[0]], rollout.span, [rollout.span[1], bytes.length]].map(([from, to]) => decoder.decode(bytes.slice(from, to))).filter(Boolean);
}
