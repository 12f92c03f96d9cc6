// What the parts of the page share: the data, the reader's choices, small builders of elements, formats of numbers.
'use strict';

const runs = JSON.parse(document.getElementById('data').textContent).runs;
const state = {visible: runs.map(() => true), focus: 0, smoothing: 0, cursor: null};
const listeners = [];  // called with what changed: 'runs', 'smoothing' or 'cursor'

function changed(what) {
  for (const listener of listeners) listener(what);
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const isNumber = (value) => typeof value === 'number';
const percent = (value) => isNumber(value) ? (100 * value).toFixed(100 * value >= 99.95 || value === 0 ? 0 : 1) + '%' : '–';
function number(value) {
  if (!isNumber(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return Number(value.toPrecision(3)).toExponential();
  if (size >= 1000) return value.toLocaleString('en', {maximumFractionDigits: 0});
  return String(Number(value.toPrecision(4)));
}
const signed = (value) => isNumber(value) ? (value > 0 ? '+' : value < 0 ? '−' : '') + number(Math.abs(value)) : '–';
const count = (value) => Number(value).toLocaleString('en', {maximumFractionDigits: 0});
function duration(seconds) {
  if (seconds < 90) return seconds.toFixed(0) + ' s';
  if (seconds < 5400) return (seconds / 60).toFixed(0) + ' min';
  return (seconds / 3600).toFixed(1) + ' h';
}

const runColor = (index) => `var(--c${index % 8})`;
const last = (values) => values && values.length ? values[values.length - 1] : null;
const outcomeName = (outcome) => outcome.replace('_', ' ');
const outcomes = ['correct', 'incorrect', 'no_answer', 'undecided', 'error'];

function mean(values) {
  const numbers = values.filter(isNumber);
  return numbers.length ? numbers.reduce((sum, value) => sum + value, 0) / numbers.length : null;
}

// Exponential moving average without the bias of its start; holes stay holes.
function smooth(values, weight) {
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (!isNumber(value)) return null;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}

function setUpTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  try { chosen = localStorage.getItem('cupel-theme'); } catch { chosen = null; }
  const apply = () => { document.documentElement.dataset.theme = chosen || (dark.matches ? 'dark' : 'light'); };
  dark.addEventListener('change', apply);
  document.getElementById('theme').addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('cupel-theme', chosen); } catch { /* a file opened from disk may have no storage */ }
    apply();
  });
  apply();
}
