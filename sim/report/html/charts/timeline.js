for (const place of document.querySelectorAll("[data-chart=timeline]")) {
  const {form, drawn, told, data} = parts(place), {series, step_min, begin_min} = data;
  const many = series[0].parts[0].values.length;
  let what = 0, from = 0, until = many;

  const hour = d3.format("02d");
  const clock = bin => {
    const minute = begin_min + bin * step_min, day = Math.floor(minute / 1440), left = minute - 1440 * day;
    return (data.days ? `day ${day + 1} ` : "") + `${hour(Math.floor(left / 60))}:${hour(Math.floor(left % 60))}`;
  };
  /** Bins at whole hours, or whatever stands a hundred pixels apart. */
  const ticks = width => {
    const least = (until - from) * step_min / Math.max(2, width / 110);
    const apart = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].find(each => each >= least) ?? 1440 * Math.ceil(least / 1440);
    const first = Math.ceil((begin_min + from * step_min) / apart) * apart;
    return d3.range(first, begin_min + until * step_min + 1e-9, apart).map(minute => (minute - begin_min) / step_min);
  };
  const flat = () => series[what].parts.flatMap(part => part.values.map((value, bin) => ({bin, kind: part.label, rate: value / step_min})));

  drawn.replaceChildren(document.createElement("div"), document.createElement("div"));
  const [large, small] = drawn.children;
  let moved = () => {};

  const detail = fitted(drawn, width => {
    const {label, unit, parts: kinds} = series[what], names = kinds.map(part => part.label);
    put(large, Plot.plot({
      width, height: Math.min(340, 200 + width / 8), marginLeft: 60, marginRight: 24, marginBottom: 32,
      style: {background: "#ffffff", color: "#1b1f24", fontSize: "13px"},
      x: {label: null, tickFormat: clock, domain: [from, until], ticks: ticks(width)},
      y: {label: `${label} (${unit})`, grid: true, tickFormat: shown, ticks: 5},
      color: {domain: names, range: names.map((_, n) => COLOURS[n % COLOURS.length]), legend: names.length > 1},
      marks: [
        Plot.rectY(flat().filter(d => d.bin >= from && d.bin < until),
          Plot.stackY({x1: "bin", x2: d => d.bin + 1, y: "rate", fill: "kind", order: names, insetLeft: 0, insetRight: 0})),
        Plot.ruleY([0])
      ]
    }), `${label} from ${clock(from)} to ${clock(until)}`);
  });

  const overview = fitted(drawn, width => {
    const left = 60, right = width - 24, height = 56;
    const plot = Plot.plot({
      width, height, marginLeft: left, marginRight: 24, marginTop: 4, marginBottom: 4, axis: null, x: {domain: [0, many]},
      style: {background: "#ffffff"},
      marks: [Plot.rectY(flat(), Plot.stackY({x1: "bin", x2: d => d.bin + 1, y: "rate", fill: "#8a95a1", insetLeft: 0, insetRight: 0}))]
    });
    plot.setAttribute("aria-hidden", "true");
    const across = d3.scaleLinear([0, many], [left, right]);
    const brush = d3.brushX().extent([[left, 1], [right, height - 1]]).on("brush end", event => {
      if (!event.sourceEvent) return;
      const [low, high] = event.selection ? event.selection.map(across.invert).map(Math.round) : [0, many];
      [from, until] = high > low ? [low, high] : [0, many];
      if (event.type === "end") moved();
      show();
    });
    const layer = d3.select(plot).append("g").call(brush);
    moved = () => layer.call(brush.move, until - from === many ? null : [from, until].map(across));  // what is whole leaves room to draw
    moved();
    small.replaceChildren(plot);
  });

  const show = () => {
    first.value = from;
    last.value = until - 1;
    first.setAttribute("aria-valuetext", `from ${clock(from)}`);
    last.setAttribute("aria-valuetext", `to ${clock(until)}`);
    const {total, parts: kinds} = series[what], sums = kinds.map(part => d3.sum(part.values.slice(from, until)));
    const most = d3.maxIndex(data.busiest.slice(from, until)) + from, each = kinds.map((part, n) => `${part.label} ${shown(sums[n])}`);
    told.textContent = `From ${clock(from)} to ${clock(until)}: ${shown(d3.sum(sums))} ${total}${kinds.length > 1 ? ` (${each.join(", ")})` : ""}. ` +
      `Busiest minute: ${shown(data.busiest[most])} tokens, ${step_min > 1 ? "about " : ""}${clock(most)}.`;
    detail();
  };
  const picked = (low, high) => { [from, until] = [low, high]; show(); moved(); };

  choice(form, "Show", series.map(each => each.label), 0, value => { what = value; show(); overview(); });
  const first = slider(form, "From", many - 1, 0, value => picked(Math.min(value, until - 1), until));
  const last = slider(form, "To", many - 1, many - 1, value => picked(from, Math.max(value, from) + 1));
  const all = Object.assign(document.createElement("button"), {type: "button", textContent: "From first to last"});
  all.addEventListener("click", () => picked(0, many));
  form.append(all);
  show();
  overview();
}
