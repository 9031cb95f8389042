"""`docs/for-districts.md`: how a district uploads, in general; the portal says the same with the district's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from subgroup_pipeline.desk.upload_texts import upload_texts
from subgroup_pipeline.warehouse.oneroster import roster_tables

_ABOUT = """\
What a district sends, where and how. Each district has a page in the portal, *How to upload*, that says the same with its own
host, account, columns and values, and a template to download.
"""
_SUBGROUPS = """\
One CSV file with one row for each student and one column for each subgroup, into `inbox/subgroups`:

```
student_id,ell,sped,home_lang
00012345,Y,N,Spanish
00012346,N,N,English
```

- The first line holds the names of the columns. Capital letters do not count, and spaces and hyphens count as `_`.
- One column holds the student's ID. It equals one field of the roster, which is agreed once: `sourcedId`, `identifier`,
  `username`, an ID of one type in `userIds`, or a `metadata` column.
- Each other column is a subgroup. What its cells may hold is agreed once, for example `Y` and `N`; a column such as the home
  language may hold any text. A text that was not agreed on is reported and counts as not reported; it is never guessed.
- A blank cell means what was agreed for its column, else that nothing is known. A student who is not in the file counts as not
  reported, never as "no".
- A column that was not agreed on is not read. The portal lists it under *Columns*, where you tell us what it means.
"""
_ROSTER = """\
OneRoster 1.1 CSV into `inbox/roster` (1.2 is read as well, and 1.0 with a warning): one zip with the files at its top level,
or the files loose, with `manifest.csv` in either case. The first line of each file holds all of its columns in the order of
the standard. `password`, `email`, `sms` and `phone` may stay blank: they are never read. `lineItems.csv` and `results.csv`
are the gradebook: with them the reports show mean scores, too. Nothing in them can stop a roster, and what teachers write
there (`comment`, `description`) is never read. These files and columns are:

| file | columns whose cells must be filled in | other columns |
|---|---|---|
"""


_RECIPES = Path(__file__).parent / "system_recipes.yml"
SAMPLES = Path(__file__).parents[1] / "tests" / "proposal" / "recipes"
_ABOUT_RECIPES = """\
Where a subgroup file comes from, for the systems that most districts have: which report to run, which columns to choose, what
the file looks like, and the settings that belong to it. `subgroups district propose FILE --roster FILE` makes such settings of
your own file, and asks about what it does not know. The samples are made up, and tests hold the settings to them. Menus differ
by version and by what your administrator allows; each recipe says which names we could not see in a public source.
"""


def for_districts() -> str:
    """The page."""
    texts = upload_texts()
    lines = ["# For districts: how to upload", ""]
    lines += ["<!-- Made by `make docs` from desk/upload_texts.yml and tools/for_districts.py. -->", "", _ABOUT]
    lines += ["## Two ways in", "", *(f"- **{title}.** {words}" for title, words in texts.ways_in.items()), ""]
    lines += ["## What to send", "", "### The subgroup file", "", _SUBGROUPS]
    lines += ["### The roster", "", *_roster()]
    lines += ["## By system: which report to run", "", _ABOUT_RECIPES, *_recipes()]
    lines += ["## Step by step over SFTP", "", *(f"{number}. {step}" for number, step in enumerate(texts.steps, start=1)), ""]
    lines += ["## If ClassLink sends your roster", ""]
    for paragraph in texts.classlink:
        lines += [paragraph, ""]
    lines += ["## Six good habits that keep it working", ""]
    lines += [f"{number}. **{title}.** {words}" for number, (title, words) in enumerate(texts.habits.items(), start=1)]
    return "\n".join(lines) + "\n"


def _recipes() -> list[str]:
    recipes: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(_RECIPES.read_text(encoding="utf-8"))
    return [line for system, recipe in recipes.items() for line in _recipe(system, recipe)]


def _recipe(system: str, recipe: dict[str, Any]) -> list[str]:
    folder = SAMPLES / recipe["folder"]
    sample, settings = ((folder / name).read_text(encoding="utf-8").rstrip() for name in ("sample.csv", "subgroups.yml"))
    steps = [f"{number}. {step}" for number, step in enumerate(recipe["steps"], start=1)]
    file = recipe.get("file", "The file")
    return [
        f"### {system}", "", *steps, "", f"{file[0].upper()}{file[1:]} looks like this:", "", "```", sample, "```", "",
        "Its settings:", "", "```yaml", settings, "```", "", *(f"- {note}" for note in recipe["notes"]), "",
        f"Checked: {recipe['checked']} Not checked: {recipe['unchecked']}", "",
    ]  # fmt: skip


def _roster() -> list[str]:
    lines = [_ROSTER.rstrip()]
    for table in roster_tables().values():
        needed = ", ".join(f"`{column}`" for column in table.columns if column in table.required)
        others = ", ".join(f"`{column}`" for column in table.columns if column not in table.required)
        name = f"`{table.file_name}`" if table.is_core else f"`{table.file_name}` (may be left out)"
        lines.append(f"| {name} | {needed} | {others} |")
    return [*lines, ""]
