for (const place of document.querySelectorAll("[data-chart=table]")) {
  const {form, drawn, told, data} = parts(place), {axes, metrics, rows} = data;
  const at = axes.map(() => 0);
  let {metric, along, lines, look} = data;

  // without a mean, two numbers are the ends of a range
  const middle = ([mean, low, high]) => mean ?? (low > 0 ? Math.sqrt(low * high) : (low + high) / 2);
  const ends = ([mean, low, high]) => mean === null ? `${shown(low)} to ${shown(high)}`
    : low === undefined ? shown(mean) : `${shown(mean)} (${shown(low)} to ${shown(high)})`;

  const draw = fitted(drawn, width => {
    const {label, unit, of_all} = metrics[metric], here = axes[along], apart = lines === along ? null : axes[lines];
    const fixed = axes.map((_, n) => n).filter(n => n !== along && n !== lines);
    const points = rows.filter(row => row.v[metric] && fixed.every(n => row.at[n] === at[n])).map(row => ({
      x: here.numbers ? here.numbers[row.at[along]] : here.values[row.at[along]], place: row.at[along],
      line: apart ? apart.values[row.at[lines]] : label, y: middle(row.v[metric]), low: row.v[metric][1] ?? row.v[metric][0],
      high: row.v[metric][2] ?? row.v[metric][0], said: ends(row.v[metric]), lost: of_all ? 0 : row.lost
    })).sort((a, b) => a.place - b.place);
    const picked = here.numbers ? here.numbers[look] : here.values[look], name = unit ? `${label} (${unit})` : label;
    const least = Math.min(...points.map(p => p.low)), most = Math.max(...points.map(p => p.high));
    const steps = here.numbers?.filter(each => each > 0) ?? [], wide = steps.length > 2 && steps.length === here.numbers.length;
    const names = [...new Set(points.map(p => p.line))];
    put(drawn, Plot.plot({
      width, height: Math.min(420, 220 + width / 5), marginLeft: 60, marginBottom: here.numbers ? 44 : 74, marginRight: 24,
      style: {background: "#ffffff", color: "#1b1f24", fontSize: "13px"},
      x: here.numbers ? {label: here.label, type: wide && steps.at(-1) / steps[0] > 20 ? "log" : "linear", tickFormat: shown, ticks: here.numbers.length < width / 60 ? here.numbers : width / 120}
        : {label: here.label, type: "point", domain: here.values, padding: 0.4, tickRotate: -25},
      y: {label: name, grid: true, tickFormat: shown, ticks: 6, ...(least > 0 && most > 20 * least ? {type: "log"} : {zero: true})},
      color: {domain: names, range: names.map((_, n) => COLOURS[n % COLOURS.length]), legend: names.length > 1},
      symbol: {domain: names},
      marks: [
        Plot.ruleX([picked], {stroke: "#888888", strokeDasharray: "4 3"}),
        ...names.flatMap((line, n) => {
          const mine = points.filter(p => p.line === line), kept = mine.filter(p => !(p.lost > data.much)), gone = mine.filter(p => p.lost > data.much);
          const x = {x: "x", dx: here.numbers ? 0 : 4 * (n - (names.length - 1) / 2)};  // side by side where there is room
          return [
            Plot.ruleX(mine, {...x, y1: "low", y2: "high", stroke: "line", strokeWidth: 2, strokeOpacity: 0.7}),
            Plot.line(mine, {...x, y: p => p.lost > data.much ? NaN : p.y, stroke: "line", strokeWidth: here.numbers ? 2 : 1, strokeOpacity: here.numbers ? 1 : 0.6}),
            Plot.dot(kept, {...x, y: "y", symbol: "line", fill: "line", r: 4.5}),
            Plot.text(gone, {...x, y: "y", text: () => "×", fill: "line", fontSize: 20})
          ];
        })
      ]
    }), `${name} along ${here.name}${apart ? `, a line for each ${apart.name}` : ""}`);

    const said = points.filter(p => p.place === look).sort((a, b) => a.y - b.y).map(p => {
      const loss = p.lost > data.much ? `, of what it did: ${Math.round(100 * p.lost)} % of tasks were lost` : "";
      return `${apart ? `${p.line}: ` : ""}${p.said}${loss}`;
    });
    const where = [`${here.name} ${here.values[look]}`, ...fixed.map(n => `${axes[n].name} ${axes[n].values[at[n]]}`)].join(", ");
    told.textContent = `${name[0].toUpperCase()}${name.slice(1)} at ${where}: ${said.join("; ") || "nothing is known"}.`;
  });

  const build = () => {
    const held = document.activeElement?.dataset?.of;
    form.replaceChildren();
    choice(form, "Metric", metrics.map(each => each.label), metric, value => { metric = value; draw(); }).dataset.of = "metric";
    if (axes.length > 1) {
      const others = axes.map((_, n) => n).filter(n => n !== along);
      choice(form, "Along", axes.map(each => each.name), along, value => {
        if (value === lines) lines = along;
        [along, look] = [value, 0];
        build();
      }).dataset.of = "along";
      choice(form, "A line for each", others.map(n => axes[n].name), others.indexOf(lines), value => {
        lines = others[value];
        build();
      }).dataset.of = "lines";
      for (const n of others.filter(n => n !== lines))
        choice(form, axes[n].name, axes[n].values, at[n], value => { at[n] = value; draw(); }).dataset.of = `axis ${n}`;
    }
    const range = slider(form, `Look at ${axes[along].name}`, axes[along].values.length - 1, look, value => {
      look = value;
      range.setAttribute("aria-valuetext", axes[along].values[value]);
      draw();
    });
    range.dataset.of = "look";
    range.setAttribute("aria-valuetext", axes[along].values[look]);
    form.querySelector(`[data-of="${held}"]`)?.focus();
    draw();
  };
  build();
}
