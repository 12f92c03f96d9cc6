// Tables that sort when a heading is pressed, and what they hold.
'use strict';

// columns: [{title, value: row => number or string, text: row => node or string, isNumber}]
function table(rows, columns, sortBy = null, descending = true) {
  const sort = {column: sortBy, descending};
  const body = element('tbody');
  const head = element('tr', {}, ...columns.map((column, i) => element('th', {scope: 'col', class: column.isNumber ? 'number' : ''}, element('button', {type: 'button', onclick: () => press(i)}, column.title))));
  function press(i) {
    sort.descending = sort.column === i ? !sort.descending : Boolean(columns[i].isNumber);
    sort.column = i;
    draw();
  }
  function draw() {
    const sorted = rows.slice();
    if (sort.column !== null) {
      const value = columns[sort.column].value;
      const compare = (a, b) => a === b ? 0 : a === null || a === undefined ? 1 : b === null || b === undefined ? -1 : (a < b ? -1 : 1) * (sort.descending ? -1 : 1);
      sorted.sort((a, b) => compare(value(a), value(b)));
    }
    [...head.children].forEach((cell, i) => i === sort.column ? cell.setAttribute('aria-sort', sort.descending ? 'descending' : 'ascending') : cell.removeAttribute('aria-sort'));
    body.replaceChildren(...sorted.map((row) => element('tr', {}, ...columns.map((column) => element('td', {class: column.isNumber ? 'number' : 'text'}, (column.text || column.value)(row) ?? '–')))));
  }
  draw();
  return element('div', {class: 'scroll card', tabindex: '0', role: 'region', 'aria-label': 'Table'}, element('table', {class: 'data'}, element('thead', {}, head), body));
}

const change = (task) => isNumber(task.early) && isNumber(task.late) ? task.late - task.early : null;

function drawTasks() {
  const blocks = runs.filter((_, index) => state.visible[index]).map((run) => {
    const {tasks, total} = run.tasks;
    if (!tasks.length) return null;
    const note = total > tasks.length ? `${count(tasks.length)} of ${count(total)} tasks: those that changed most between the halves of the run, and the hardest.` : `${count(total)} tasks; early and late are the halves of the run.`;
    return element('div', {}, runs.length > 1 ? element('h3', {}, run.name) : null, element('p', {class: 'quiet'}, note), table(tasks, [
      {title: 'Question', value: (task) => task.question}, {title: 'Gold', value: (task) => task.answer},
      {title: 'Completions', value: (task) => task.n, text: (task) => count(task.n), isNumber: true},
      {title: 'Pass rate', value: (task) => task.pass, text: (task) => percent(task.pass), isNumber: true},
      {title: 'Early', value: (task) => task.early, text: (task) => percent(task.early), isNumber: true},
      {title: 'Late', value: (task) => task.late, text: (task) => percent(task.late), isNumber: true},
      {title: 'Change', value: change, text: (task) => changeText(change(task)), isNumber: true},
      {title: 'Reward', value: (task) => task.reward, text: (task) => number(task.reward), isNumber: true},
      {title: 'Length', value: (task) => task.length, text: (task) => number(task.length), isNumber: true},
      {title: 'First', value: (task) => task.first, isNumber: true}, {title: 'Last', value: (task) => task.last, isNumber: true}], 6, false));
  });
  document.getElementById('tasks-table').replaceChildren(...blocks.filter(Boolean));
}

function changeText(value) {
  if (value === null) return '–';
  return element('span', {class: value > 0 ? 'up' : value < 0 ? 'down' : ''}, (value > 0 ? '+' : value < 0 ? '−' : '') + percent(Math.abs(value)));
}

function drawEvaluations() {
  const rows = runs.flatMap((run) => run.evaluations.map((evaluation) => ({...evaluation, run: run.name})));
  const host = document.getElementById('evaluations-table');
  if (!rows.length) {
    host.replaceChildren(element('p', {class: 'quiet'}, 'This run has no evaluation.'));
    return;
  }
  const columns = [{title: 'After step', value: (row) => row.step, text: (row) => count(row.step), isNumber: true}, {title: 'Name', value: (row) => row.name},
    {title: 'pass@1', value: (row) => row.pass_at_1, text: (row) => percent(row.pass_at_1), isNumber: true}, {title: 'Standard error', value: (row) => row.standard_error, text: (row) => percent(row.standard_error), isNumber: true},
    {title: 'Questions', value: (row) => row.questions, isNumber: true}, {title: 'Answers each', value: (row) => row.samples, isNumber: true}];
  if (runs.length > 1) columns.unshift({title: 'Run', value: (row) => row.run});
  host.replaceChildren(table(rows, columns), ...runs.map(examplesOf).filter(Boolean));
}

// The same questions answered at the first and at the last evaluation.
function examplesOf(run) {
  const first = run.evaluations[0];
  const final = last(run.evaluations);
  if (!final || !final.examples.length) return null;
  const pairs = final.examples.map((example) => {
    const then = first === final ? null : first.examples.find((other) => other.task === example.task);
    const line = (label, one) => element('p', {}, element('span', {class: 'quiet'}, label + ' '), element('span', {class: 'badge', style: `color:var(--${one.outcome})`}, outcomeName(one.outcome)), ' ' + one.answer);
    return element('div', {}, element('p', {}, element('b', {}, example.question), element('span', {class: 'quiet'}, `  gold ${example.gold}`)), then ? line('then', then) : null, line(then ? 'now' : '', example));
  });
  return element('details', {open: ''}, element('summary', {}, `Examples${runs.length > 1 ? ' of ' + run.name : ''}`), element('div', {class: 'card pairs'}, ...pairs));
}

function flatten(value, prefix, out) {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) for (const [key, inner] of Object.entries(value)) flatten(inner, prefix ? `${prefix}.${key}` : key, out);
  else out.set(prefix, typeof value === 'string' ? value : JSON.stringify(value));
  return out;
}

function drawSettings() {
  const info = runs.map((run) => flatten(run.info, '', new Map()));
  const recipes = runs.map((run) => flatten(run.recipe, '', new Map()));
  const all = (maps) => [...new Set(maps.flatMap((map) => [...map.keys()]))];
  const rowsOf = (maps) => all(maps).map((key) => ({key, values: maps.map((map) => map.get(key) ?? '')}));
  const grid = (rows) => {
    const differs = (row) => runs.length > 1 && row.values.some((value) => value !== row.values[0]);
    const sorted = rows.slice().sort((a, b) => differs(b) - differs(a));
    return element('div', {class: 'scroll card', tabindex: '0', role: 'region', 'aria-label': 'Settings'}, element('table', {class: 'data'},
        runs.length > 1 ? element('thead', {}, element('tr', {}, element('th', {}, ''), ...runs.map((run) => element('th', {scope: 'col'}, run.name)))) : null,
        element('tbody', {}, ...sorted.map((row) => element('tr', {}, element('th', {scope: 'row', style: 'position:static'}, row.key), ...row.values.map((value) => element('td', {class: 'text' + (differs(row) ? ' differs' : '')}, value)))))));
  };
  const events = runs.flatMap((run) => run.events.map((event) => ({...event, run: run.name})).concat(run.checkpoints.map((checkpoint) => ({at: '', step: checkpoint.step, kind: 'checkpoint', message: checkpoint.directory, run: run.name}))));
  const columns = [{title: 'Step', value: (row) => row.step, isNumber: true}, {title: 'Kind', value: (row) => row.kind}, {title: 'Message', value: (row) => row.message}, {title: 'At', value: (row) => row.at}];
  if (runs.length > 1) columns.unshift({title: 'Run', value: (row) => row.run});
  document.getElementById('settings-table').replaceChildren(
      element('h3', {}, 'Run'), grid(rowsOf(info)), element('details', runs.length > 1 ? {open: ''} : {}, element('summary', {}, `Recipe (${recipes.length > 1 ? 'differences first' : 'every setting'})`), grid(rowsOf(recipes))),
      ...(events.length ? [element('h3', {}, 'Checkpoints and events'), table(events, columns)] : []));
}
