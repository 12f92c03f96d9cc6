// A chart: lines with bands, or stacked shares, over the steps of the visible runs. Drawn as SVG for the width it has.
//
//   {title, note, format, lines: [{label, values: run => [], low, high, dash, color}], points: run => [{x, y, error, label}],
//    stacked, floor, ceiling, log}

const kHeight = 190;
const kMargin = {left: 46, right: 10, top: 8, bottom: 20};

function niceTicks(low, high, wanted) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let tick = Math.ceil(low / unit - 1e-9) * unit; tick <= high + unit * 1e-9; tick += unit) {
    ticks.push(Math.abs(tick) < unit * 1e-9 ? 0 : tick);
  }
  return ticks;
}

class Chart {
  constructor(spec) {
    this.spec = spec;
    this.now = element('span', {class: 'now'});
    this.svg = svg('svg', {'aria-hidden': 'true'});
    this.tip = element('div', {class: 'tip'});
    this.legend = element('div', {class: 'legend'});
    this.node = element('div', {class: 'chart card', tabindex: '0', role: 'application', 'aria-roledescription': 'chart'},
        element('h4', {}, element('span', {}, spec.title), this.now),
        spec.note ? element('div', {class: 'note'}, spec.note) : null, this.svg, this.legend, this.tip);
    this.node.addEventListener('pointermove', (event) => this.point(event));
    this.node.addEventListener('pointerleave', () => this.setCursor(null, false));
    this.node.addEventListener('focusout', () => this.setCursor(null, false));
    this.node.addEventListener('click', () => this.open());
    this.node.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => requestAnimationFrame(() => this.resize())).observe(this.node);
    listeners.push((what) => what === 'cursor' ? this.drawCursor() : this.draw());
  }

  // The runs that are drawn: of stacked charts the one in focus.
  shown() {
    const all = runs.map((run, index) => ({run, index})).filter(({index}) => state.visible[index]);
    if (!this.spec.stacked) return all;
    return all.filter(({index}) => index === state.focus).concat(all).slice(0, 1);
  }

  resize() {
    if (this.availableWidth() !== this.width) this.draw();
  }

  availableWidth() { return Math.max(220, this.node.clientWidth - 26); }

  draw() {
    const width = this.width = this.availableWidth();
    this.curves = [];
    for (const {run, index} of this.shown()) {
      this.spec.lines.forEach((line, number) => {
        const values = line.values(run);
        if (!values || !values.some(isNumber)) return;
        this.curves.push({run, index, line, steps: run.steps, values, smoothed: state.smoothing && !this.spec.stacked ? smooth(values, state.smoothing) : values,
            color: line.color || (runs.length > 1 ? runColor(index) : `var(--c${number % 8})`), low: line.low && line.low(run), high: line.high && line.high(run)});
      });
    }
    this.points = this.spec.points ? this.shown().flatMap(({run, index}) => this.spec.points(run).map((point) => ({...point, color: runColor(index)}))) : [];
    if (this.spec.stacked) this.stack();
    this.scale();
    const parts = [this.axes(), ...this.curves.map((curve) => this.curve(curve)), ...this.points.map((point) => this.mark(point))];
    this.cursor = svg('g');
    this.svg.setAttribute('viewBox', `0 0 ${width} ${kHeight}`);
    this.svg.replaceChildren(...parts, this.cursor);
    this.drawLegend();
    this.describe();
    this.drawCursor();
  }

  stack() {
    let below = null;
    for (const curve of this.curves) {
      curve.base = below || curve.values.map(() => 0);
      curve.top = curve.values.map((value, i) => isNumber(value) ? value + curve.base[i] : null);
      below = curve.top.map((value, i) => isNumber(value) ? value : curve.base[i]);
    }
  }

  scale() {
    const steps = this.curves.flatMap((curve) => [curve.steps[0], last(curve.steps)]);
    const ys = this.curves.flatMap((curve) => this.spec.stacked ? curve.top : curve.smoothed.concat(curve.low || [], curve.high || []))
        .concat(this.points.map((point) => point.y)).filter(isNumber);
    const positive = ys.filter((y) => y > 0);
    this.isLog = Boolean(this.spec.log && positive.length && Math.max(...positive) / Math.min(...positive) > 50);
    let low = ys.length ? ys.reduce((a, b) => Math.min(a, b)) : 0;
    let high = ys.length ? ys.reduce((a, b) => Math.max(a, b)) : 1;
    if (this.isLog) low = positive.reduce((a, b) => Math.min(a, b));
    else if (isNumber(this.spec.floor)) low = Math.min(low, this.spec.floor);
    if (isNumber(this.spec.ceiling)) high = Math.max(high, this.spec.ceiling);
    if (isNumber(this.spec.clamp) && high > this.spec.clamp) high = this.spec.clamp;
    if (isNumber(this.spec.floor) && !this.isLog && low < this.spec.floor && this.spec.clampLow) low = this.spec.floor;
    if (low === high) { low -= Math.abs(low) * 0.1 || (this.spec.floor === 0 ? 0 : 0.5); high += Math.abs(high) * 0.1 || 0.5; }
    const pad = this.spec.stacked || this.isLog ? 0 : (high - low) * 0.04;
    this.y0 = isNumber(this.spec.floor) && low === this.spec.floor ? low : low - pad;
    this.y1 = isNumber(this.spec.ceiling) && high === this.spec.ceiling ? high : high + pad;
    this.x0 = steps.length ? Math.min(...steps) : 0;
    this.x1 = steps.length ? Math.max(...steps) : 1;
    if (this.x0 === this.x1) { this.x0 -= 1; this.x1 += 1; }
  }

  x(step) { return kMargin.left + (step - this.x0) / (this.x1 - this.x0) * (this.width - kMargin.left - kMargin.right); }
  y(value) {
    const inner = kHeight - kMargin.top - kMargin.bottom;
    const share = this.isLog ? (Math.log(Math.max(value, this.y0)) - Math.log(this.y0)) / (Math.log(this.y1) - Math.log(this.y0)) : (value - this.y0) / (this.y1 - this.y0);
    return kMargin.top + inner * (1 - Math.max(-0.02, Math.min(1.02, share)));
  }

  axes() {
    const group = svg('g');
    let ticks = niceTicks(this.y0, this.y1, 5);
    if (this.isLog) {
      const from = Math.ceil(Math.log10(this.y0) - 1e-9);
      const to = Math.floor(Math.log10(this.y1) + 1e-9);
      const every = Math.max(1, Math.ceil((to - from + 1) / 5));
      ticks = [];
      for (let power = from; power <= to; power += every) ticks.push(10 ** power);
    }
    for (const tick of ticks) {
      const y = this.y(tick);
      group.append(svg('line', {x1: kMargin.left, x2: this.width - kMargin.right, y1: y, y2: y, stroke: 'var(--grid)'}));
      const label = svg('text', {x: kMargin.left - 6, y: y + 4, 'text-anchor': 'end'});
      label.textContent = this.isLog ? tick.toExponential(0) : this.format(tick).replace('.0%', '%');
      group.append(label);
    }
    for (const tick of niceTicks(this.x0, this.x1, Math.max(2, this.width / 90)).filter(Number.isInteger)) {
      const label = svg('text', {x: this.x(tick), y: kHeight - 5, 'text-anchor': 'middle'});
      label.textContent = count(tick);
      group.append(label);
    }
    group.append(svg('line', {x1: kMargin.left, x2: this.width - kMargin.right, y1: kHeight - kMargin.bottom, y2: kHeight - kMargin.bottom, stroke: 'var(--line)'}));
    return group;
  }

  // "M x y L x y …", begun anew after holes.
  path(steps, values) {
    let text = '';
    let isOpen = false;
    values.forEach((value, i) => {
      if (isNumber(value)) text += `${isOpen ? 'L' : 'M'}${this.x(steps[i]).toFixed(1)} ${this.y(value).toFixed(1)}`;
      isOpen = isNumber(value);
    });
    return text;
  }

  area(steps, low, high) {
    const kept = steps.map((_, i) => i).filter((i) => isNumber(low[i]) && isNumber(high[i]));
    if (kept.length < 2) return '';
    const there = kept.map((i) => `${this.x(steps[i]).toFixed(1)} ${this.y(high[i]).toFixed(1)}`);
    const back = kept.slice().reverse().map((i) => `${this.x(steps[i]).toFixed(1)} ${this.y(low[i]).toFixed(1)}`);
    return 'M' + there.concat(back).join('L') + 'Z';
  }

  curve(curve) {
    if (this.spec.stacked) return svg('path', {d: this.area(curve.steps, curve.base, curve.top), fill: curve.color, 'fill-opacity': 0.82});
    const group = svg('g');
    if (curve.low && curve.high) group.append(svg('path', {d: this.area(curve.steps, curve.low, curve.high), fill: curve.color, 'fill-opacity': 0.14}));
    const stroke = {fill: 'none', stroke: curve.color, 'stroke-linejoin': 'round', 'stroke-linecap': 'round'};
    if (state.smoothing) group.append(svg('path', {...stroke, d: this.path(curve.steps, curve.values), 'stroke-width': 1, 'stroke-opacity': 0.25}));
    const dash = curve.line.dash ? {'stroke-dasharray': curve.line.dash} : {};
    group.append(svg('path', {...stroke, ...dash, d: this.path(curve.steps, curve.smoothed), 'stroke-width': curve.line.thin ? 1.2 : 1.9}));
    if (curve.values.filter(isNumber).length === 1) {
      const i = curve.values.findIndex(isNumber);
      group.append(svg('circle', {cx: this.x(curve.steps[i]), cy: this.y(curve.values[i]), r: 3, fill: curve.color}));
    }
    return group;
  }

  mark(point) {
    const x = this.x(Math.min(this.x1, Math.max(this.x0, point.x)));
    const group = svg('g');
    if (isNumber(point.error)) group.append(svg('line', {x1: x, x2: x, y1: this.y(point.y - point.error), y2: this.y(point.y + point.error), stroke: point.color, 'stroke-width': 1.4}));
    const circle = svg('circle', {cx: x, cy: this.y(point.y), r: 4, fill: 'var(--card)', stroke: point.color, 'stroke-width': 2});
    const title = svg('title');
    title.textContent = point.label;
    circle.append(title);
    group.append(circle);
    return group;
  }

  format(value) { return (this.spec.format || number)(value); }

  drawLegend() {
    const labels = this.spec.lines.filter((line) => this.curves.some((curve) => curve.line === line));
    const isNeeded = labels.length > 1;
    const items = isNeeded ? labels.map((line) => {
      const curve = this.curves.find((one) => one.line === line);
      const color = runs.length > 1 && !line.color ? 'var(--quiet)' : curve.color;
      const mark = svg('svg', {width: 16, height: 8, style: 'width:16px;height:8px'}, this.spec.stacked ? svg('rect', {width: 12, height: 8, rx: 2, fill: color})
          : svg('line', {x1: 0, x2: 16, y1: 4, y2: 4, stroke: color, 'stroke-width': 2, 'stroke-dasharray': line.dash || ''}));
      return element('span', {}, mark, line.label);
    }) : [];
    if (this.spec.stacked && runs.length > 1 && this.curves.length) items.unshift(element('span', {}, this.curves[0].run.name + ':'));
    if (this.points.length) items.push(element('span', {}, '○ ' + this.spec.pointLabel));
    this.legend.replaceChildren(...items);
    this.now.textContent = this.curves.length && !this.spec.stacked && runs.length === 1 ? this.format(last(this.curves[0].smoothed.filter(isNumber))) : '';
  }

  describe() {
    const parts = this.curves.map((curve) => {
      const values = curve.values.filter(isNumber);
      const who = [runs.length > 1 ? curve.run.name : '', curve.line.label || ''].filter(Boolean).join(' ');
      return `${who} from ${this.format(values[0])} to ${this.format(last(values))}`.trim();
    });
    this.node.setAttribute('aria-label', `${this.spec.title}: ${parts.join('; ') || 'no values'}`);
  }

  // Steps are the same for all charts; each shows its nearest point.
  setCursor(step, announces) {
    state.cursor = step;
    state.pointed = step === null ? null : this;
    changed('cursor');
    if (announces && step !== null) document.getElementById('live').textContent = `step ${step}: ${this.readings(step).map(({label, text}) => `${label} ${text}`).join(', ')}`;
  }

  point(event) {
    if (!this.curves.length) return;
    const box = this.svg.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * this.width - kMargin.left) / (this.width - kMargin.left - kMargin.right);
    const wanted = this.x0 + share * (this.x1 - this.x0);
    this.setCursor(this.nearest(this.curves[0].steps, wanted), false);
  }

  nearest(steps, wanted) {
    return steps.reduce((best, step) => Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best, steps[0]);
  }

  key(event) {
    if (!this.curves.length) return;
    const steps = this.curves[0].steps;
    const at = state.cursor === null ? steps.length - 1 : steps.indexOf(this.nearest(steps, state.cursor));
    const jump = Math.max(1, Math.round(steps.length / 20));
    const moves = {ArrowLeft: at - 1, ArrowRight: at + 1, PageDown: at - jump, PageUp: at + jump, Home: 0, End: steps.length - 1};
    if (event.key in moves) {
      event.preventDefault();
      this.setCursor(steps[Math.max(0, Math.min(steps.length - 1, moves[event.key]))], true);
    } else if (event.key === 'Enter') {
      this.open();
    } else if (event.key === 'Escape') {
      this.setCursor(null, false);
    }
  }

  open() {
    if (state.cursor !== null && this.curves.length) showAnswersOf(this.curves[0].index, state.cursor);
  }

  readings(step) {
    return this.curves.map((curve) => {
      const i = curve.steps.indexOf(this.nearest(curve.steps, step));
      const label = [runs.length > 1 ? curve.run.name : '', curve.line.label || (runs.length > 1 ? '' : this.spec.title)].filter(Boolean).join(' · ');
      const band = curve.low && isNumber(curve.low[i]) ? ` (${this.format(curve.low[i])} to ${this.format(curve.high[i])})` : '';
      return {label, text: this.format(curve.values[i]) + band, color: curve.color, step: curve.steps[i], y: this.spec.stacked ? curve.top[i] : curve.smoothed[i]};
    });
  }

  drawCursor() {
    if (!this.cursor) return;
    const step = state.cursor;
    if (step === null || !this.curves.length || step < this.x0 || step > this.x1) {
      this.cursor.replaceChildren();
      this.tip.style.display = 'none';
      return;
    }
    const readings = this.readings(step);
    const x = this.x(readings[0].step);
    const line = svg('line', {x1: x, x2: x, y1: kMargin.top, y2: kHeight - kMargin.bottom, stroke: 'var(--quiet)', 'stroke-dasharray': '2 3'});
    const dots = this.spec.stacked ? [] : readings.filter(({y}) => isNumber(y)).map((reading) => svg('circle', {cx: this.x(reading.step), cy: this.y(reading.y), r: 3.2, fill: reading.color}));
    this.cursor.replaceChildren(line, ...dots);
    this.drawTip(readings, x);
  }

  drawTip(readings, x) {
    if (state.pointed !== this) {
      this.tip.style.display = 'none';
      return;
    }
    const window = runs[0].window > 1 ? ` (mean of ${runs[0].window})` : '';
    const rows = readings.slice().reverse().map((reading) => element('div', {}, element('span', {}, element('i', {class: 'swatch', style: `background:${reading.color}`}), ' ' + reading.label), element('b', {}, reading.text)));
    if (!this.spec.stacked) rows.reverse();
    this.tip.replaceChildren(element('div', {class: 'quiet'}, `step ${count(readings[0].step)}${window}`), ...rows);
    this.tip.style.display = 'block';
    const share = x / this.width;
    const place = share * this.node.clientWidth;
    const left = share > 0.5 ? Math.max(4, place - this.tip.offsetWidth - 12) : Math.min(place + 14, this.node.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.left = Math.max(4, left) + 'px';
    this.tip.style.top = '3.2rem';
  }
}
