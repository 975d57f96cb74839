"""The app of `sim explore`, a marimo notebook: sliders, an answer, a figure, a table. What is said is in `sim.report.explore.asked`."""

import marimo

app = marimo.App(app_title="agent-token-sim: what will our agents cost?", width="medium")


@app.cell
def _():
    import marimo as mo

    from sim.report.explore import asked as ask

    def text(said):
        """As Markdown: a dollar is no formula."""
        return said.replace("$", r"\$").replace("_", r"\_")

    def row(cells):
        return f"| {' | '.join(map(text, cells))} |"

    return ask, mo, row, text


@app.cell
def _(ask, mo):
    agents = mo.ui.slider(1, ask.MOST_AGENTS, value=1, label="agents at a task (1: alone; more: a lead and so many)", show_value=True)
    backend = mo.ui.dropdown(ask.labels(), value=next(iter(ask.labels())), label="backend")
    tasks_a_day = mo.ui.slider(steps=[10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], value=200, label="tasks a day", show_value=True)
    quota = mo.ui.slider(
        steps=[0, 20, 50, 100, 200, 500, 1000, 2000, 5000],
        value=0,
        label="quota, 1,000 input tokens a minute (0: none)",
        show_value=True,
    )
    return agents, backend, quota, tasks_a_day


@app.cell
def _(agents, ask, backend, mo, quota, tasks_a_day, text):
    question = ask.Asked(agents.value, backend.value, float(tasks_a_day.value), quota.value * 1000.0 or None)
    mo.vstack(
        [
            mo.md(
                "# What will our agents cost?\n\nOne task: an issue of a repository, fixed. Move a slider: each answer is simulated anew."
            ),
            mo.vstack([agents, backend, tasks_a_day, quota]),
            *(mo.callout(said, kind="warn") for said in ask.warnings(question)),
            mo.md(f"## {text(ask.headline(question))}"),
        ]
    )
    return (question,)


@app.cell
def _(ask, mo, question):
    mo.Html(ask.drawing(question))


@app.cell
def _(ask, mo, question, row, text):
    mo.vstack(
        [
            mo.md("\n".join(["| | mean | 95 % interval |", "| --- | ---: | ---: |", *map(row, ask.table(question))])),
            mo.md("\n\n".join(map(text, ask.under(question)))),
        ]
    )


if __name__ == "__main__":
    app.run()
