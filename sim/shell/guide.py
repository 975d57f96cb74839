"""What `sim` says when it is asked for nothing, where to begin; and `sim --help`, what there is."""

from __future__ import annotations

GUIDE = """\
sim: what agents cost, and which model should run them.

  sim experiment=fanout                        one coding task as chat, agent, team, on each backend
  sim agent=solo backends=[minimax_m2_5]       one scenario: a table, figures, a page
  sim -m agent.fanout=1,2,4,8                  a sweep; stopped, the same command goes on
  sim estimate agent=solo --budget 900         ahead of a run: P50, P90, P99; over the budget?
  sim capacity workload=office horizon_s=604800    tokens a minute: what quota to ask for
  sim logs ~/.claude/projects                  your own agents: what was billed, and what if
  sim explore                                  sliders in a browser: agents, backend, tasks, quota
  sim study                                    the studies: a question, a table, a figure each

Settings are words like agent.fanout=8: what there is, and what each means:

  sim list                                     the menus;  sim list agent: what is on one
  sim list backends                            models with prices
  sim explain agent.fanout                     unit, default, bounds, meaning, source
  sim --cfg job agent=team                     every setting of a scenario as it stands
  sim agent=team --all                         every metric of a run;  --json  --pdf  --xlsx

  sim again FOLDER    the same once more: does the same come out?
  sim compare FOLDER FOLDER        what differs, by how much, how sure; a page
  sim export FOLDER --as FORMAT    a run as a log that other tools read
  sim validate        is it right?        sim doctor    is this machine ready?

Results go to outputs/. sim VERB --help says more; sim agent=team runs the default scenario."""

SETTINGS_ARE = """\
Every setting as it stands: sim --cfg job. What one means: sim explain KEY. Hydra's flags: --config-dir, --cfg, -m."""


def help_text() -> str:
    """What `sim --help` says: what Hydra would, but every setting of every backend, which takes composing them and 3,000 lines."""
    from sim.scenario.sources import CONF
    from sim.scenario.text import read_settings

    told = read_settings(CONF / "config.yaml")["hydra"]["help"]
    menus: dict[str, list[str]] = {}
    for file in sorted(CONF.glob("*/**/*.yaml")):
        menus.setdefault(file.parent.relative_to(CONF).as_posix(), []).append(file.stem)
    listed = "\n".join(f"{menu}: {', '.join(choices)}" for menu, choices in sorted(menus.items()))
    return f"{told['header']}\nMenus, MENU=CHOICE:\n\n{listed}\n\n{SETTINGS_ARE}\n{told['footer']}".rstrip()
