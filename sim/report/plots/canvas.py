"""Pens and paper: colours, markers and hatches that survive print and colour blindness, labels that keep out of each other's way."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from sim.report.numbers import compact
from sim.results.files import Files
from sim.results.provenance import SOFTWARE

P = ParamSpec("P")
R = TypeVar("R")
Figures = Mapping[str, Figure]
"""By the name of the file that they go to."""
DPI = 125
WIDTH_IN = 12.8
"""1,600 pixels."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7A5195")
"""Okabe and Ito's, a purple instead of their yellow, which is lost on white."""
MARKERS = "osD^vPX*"
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
KIND_FILLS = {
    "fresh input": "#56B4E9",
    "cache writes": "#E69F00",
    "cache reads": "#0072B2",
    "output": "#BBBBBB",
}
"""Colour of each kind of token; side by side they differ in brightness too, for print and colour blindness."""
BILL_FILLS = KIND_FILLS | {"fees": "#009E73", "hours of servers": "#CC79A7", "reserved units": "#D55E00"}
"""The same of each part of a bill."""
INK = "#222222"
KEY_IN = 0.3
"""Height of a line of keys."""
_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "hatch.linewidth": 0.6,
    "text.parse_math": False,
    "text.usetex": False,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw with our style, whatever the caller's matplotlib is set to."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        # asking for the backend, even to leave it as it is, would import pyplot
        style: Any = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"} | _STYLE
        with mpl.rc_context(style):
            return draw(*args, **kwargs)

    return drawn


def sheet(title: str, height_in: float, note: str = "", key: bool = False) -> Figure:
    """An empty figure under a title that states a finding (and room for a key) and over a note in small print."""
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    title, note = textwrap.fill(title, 104), textwrap.fill(note, 150)
    above = 0.22 + 0.26 * len(title.splitlines()) + (KEY_IN if key else 0)
    below = 0.12 + 0.2 * len(note.splitlines()) if note else 0
    figure.text(0.012, 1 - 0.12 / height_in, title, va="top", fontsize=14, fontweight="bold", color=INK)
    figure.text(0.012, 0.1 / height_in, note, va="bottom", fontsize=10, color="#555555")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.15, h_pad=0.12, rect=(0, below / height_in, 1, 1 - (above + below) / height_in))
    return figure


def draw_key(figure: Figure, axes: Axes) -> None:
    """What the marks of one panel stand for, in one line under the title."""
    handles, labels = axes.get_legend_handles_labels()
    top = figure.texts[0].get_window_extent().y0 / figure.bbox.height
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.006, top), ncols=max(1, len(labels)), frameon=False)


def pen(index: int) -> dict[str, Any]:
    """Colour, marker and dashes of one line."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": DASHES[index // 2 % len(DASHES)],
        "markersize": 7,
        "linewidth": 1.8,
    }


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """The places nearest to those wanted (least squares), in the same order and at least `gap` apart."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    blocks: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        mean, size = wanted[index] - rank * gap, 1
        while blocks and blocks[-1][0] >= mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    level = [mean for mean, size in blocks for _ in range(size)]
    out = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        out[index] = level[rank] + rank * gap
    return out


def label_ends(axes: Axes, ends: Mapping[str, tuple[float, float]], colours: Mapping[str, str]) -> None:
    """Write each line's name to the right of its end (data coordinates), shifted up or down so that none overlap."""
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform(end)[1]) for end in ends.values()]
    gap = 1.35 * 11 / 72 * DPI / axes.bbox.height
    for (name, end), y in zip(ends.items(), apart(wanted, gap), strict=True):
        axes.annotate(
            name,
            xy=end,
            xytext=(1.03, y),
            textcoords="axes fraction",
            va="center",
            fontsize=11,
            color=INK,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colours[name], "linewidth": 1, "shrinkA": 1, "shrinkB": 5},
        )


def log_ticks(axes: Axes, axis: str, prefix: str = "") -> None:
    """Powers of ten written out: `$0.01`, `10k`; every second one where there are many."""
    low, high = axes.get_ylim() if axis == "y" else axes.get_xlim()
    one = axes.yaxis if axis == "y" else axes.xaxis
    subs = (1.0, 2.0, 5.0) if high < 300 * low else (1.0,)
    one.set_major_locator(LogLocator(subs=subs, numticks=9))
    one.set_major_formatter(FuncFormatter(lambda value, _: prefix + (f"{value:.10g}" if value < 1 else compact(value))))
    one.set_minor_formatter(NullFormatter())


def scale(axes: Axes, axis: str, low: float, high: float, prefix: str = "") -> None:
    """Logarithmic from a ratio of 5 on, else from 0."""
    set_scale, set_limits = (axes.set_yscale, axes.set_ylim) if axis == "y" else (axes.set_xscale, axes.set_xlim)
    if low > 0 and high >= 5 * low:
        set_scale("log")
        set_limits(low / 1.6, high * 1.6)
        log_ticks(axes, axis, prefix)
    else:
        set_limits(0, 1.12 * high if high > 0 else 1)
        one = axes.yaxis if axis == "y" else axes.xaxis
        one.set_major_formatter(FuncFormatter(lambda value, _: prefix + (compact(value) if value >= 1000 else f"{value:,.6g}")))


def save_all(figures: Figures, folder: Path, made_by: str = "") -> list[Path]:
    """Write `<name>.png` of each figure into `folder/figures/`, each whole or not at all; returns where.

    The files say in themselves which version made them, and `made_by`.
    """
    files, said = Files(folder), {"Software": SOFTWARE, "Description": made_by}
    look: Any = {"format": "png", "dpi": DPI, "metadata": said, "pil_kwargs": {"compress_level": 1}}  # half the time, 1 % more bytes
    return [files.write_figure(name, partial(figure.savefig, **look)) for name, figure in figures.items()]


def save_pdfs(figures: Figures, folder: Path) -> list[Path]:
    """Write `<name>.pdf` of each figure beside its picture, for slides; after `save_all`, as `save_drawings`."""
    files, said = Files(folder), {"Creator": SOFTWARE, "CreationDate": None}
    with mpl.rc_context({"pdf.fonttype": 42}):
        return [files.write_figure(name, partial(figure.savefig, format="pdf", metadata=said), ".pdf") for name, figure in figures.items()]


def save_drawings(figures: Figures, folder: Path, made_by: str = "") -> dict[str, str]:
    """Write `<name>.svg` of each figure beside its picture, words as text; returns the files' texts by name.

    After `save_all`: what stands where is taken from there, not found anew. The same figure gives the same bytes.
    """
    files, said = Files(folder), {"Creator": SOFTWARE, "Description": made_by, "Date": None}
    texts = {}
    for name, figure in figures.items():
        figure.set_layout_engine("none")
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
            where = files.write_figure(name, partial(figure.savefig, format="svg", metadata=said), ".svg")
        texts[name] = where.read_text(encoding="utf-8")
    return texts


def drawn(figure: Figure, name: str) -> str:
    """A figure as SVG without a file, words as text. The same figure gives the same text."""
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(out, format="svg", metadata={"Creator": SOFTWARE, "Date": None})
    return out.getvalue()


def title_of(figure: Figure) -> str:
    """What a `sheet` states, in a line."""
    return " ".join(figure.texts[0].get_text().split()) if figure.texts else ""
