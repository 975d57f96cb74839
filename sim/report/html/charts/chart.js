const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#8C6D00"];

/** Three digits, thousands as k, M, B. */
function shown(value) {
  if (value === null || !Number.isFinite(value)) return "-";
  for (const [size, letter] of [[1e9, "B"], [1e6, "M"], [1e4, "k"]])
    if (Math.abs(value) >= size) return +(value / (letter === "k" ? 1e3 : size)).toPrecision(3) + letter;
  return String(+value.toPrecision(3));
}

/** A labelled control in a form; `change` is called with its value. */
function control(form, name, element, change) {
  const label = document.createElement("label");
  label.append(name + " ", element);
  form.append(label);
  element.addEventListener("input", () => change(element.value));
  return element;
}

function choice(form, name, options, picked, change) {
  const select = document.createElement("select");
  options.forEach((text, place) => select.add(new Option(text, place, place === picked, place === picked)));
  return control(form, name, select, value => change(+value));
}

function slider(form, name, most, at, change) {
  const range = Object.assign(document.createElement("input"), {type: "range", min: 0, max: most, step: 1});
  range.value = at;
  return control(form, name, range, value => change(+value));
}

/** What a chart stands in: where its controls go, where it is drawn, what it says; and its numbers. */
function parts(place) {
  place.hidden = false;
  const [form, drawn, told] = ["form", ".drawn", ".told"].map(name => place.querySelector(name));
  form.addEventListener("submit", event => event.preventDefault());
  return {form, drawn, told, data: JSON.parse(place.querySelector("script").textContent)};
}

/** Drawn anew when the window has another width; `draw` is given pixels. */
function fitted(drawn, draw) {
  const again = () => draw(Math.max(320, drawn.clientWidth || 320));
  addEventListener("resize", again);
  return again;
}

/** A plot in its place, whose whole is one picture to a screen reader. */
function put(drawn, plot, label) {
  const svg = plot.matches("svg") ? plot : plot.querySelector(":scope > svg");
  for (const swatch of plot.querySelectorAll(":scope > div svg")) swatch.setAttribute("aria-hidden", "true");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  for (const part of plot.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
  drawn.replaceChildren(plot);
}
