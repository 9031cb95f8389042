"""Subgroups of a district and its schools: a marimo notebook over what is published.

marimo edit docs/notebooks/subgroups.py; SUBGROUPS_HOME says where the home is (.subgroups where it does not).
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Subgroups")


@app.cell
def _():
    import os
    from pathlib import Path

    import duckdb
    import marimo as mo

    return Path, duckdb, mo, os


@app.cell
def _(Path, duckdb, os):
    # Read-only: whoever opens the file to write locks out everybody else.
    published = Path(os.environ.get("SUBGROUPS_HOME", ".subgroups")) / "published" / "analytics.duckdb"
    connection = duckdb.connect(str(published.resolve()), read_only=True)
    districts = connection.sql("select district_id, district_name, as_of_date, student_count from dim_district order by 2").pl()
    return connection, districts


@app.cell
def _(districts, mo):
    names = {f"{name} ({district_id})": district_id for district_id, name, *_ in districts.iter_rows()}
    district = mo.ui.dropdown(names, value=next(iter(names)), label="District")
    mo.vstack([mo.md("# Subgroups"), district])
    return (district,)


@app.cell
def _(connection, district, mo):
    report = connection.execute(
        """
        select
            subgroup_label,
            value_label,
            student_count,
            round(100 * student_share, 1) as share_pct,
            round(mean_score_pct, 1) as mean_score_pct,
            round(score_gap_pct, 1) as gap_in_points
        from rpt_district_subgroup
        inner join dim_subgroup using (district_id, subgroup, value)
        where district_id = $district
        order by display_order
        """,
        {"district": district.value},
    ).pl()
    mo.vstack([mo.md("## All students first, then each subgroup"), mo.ui.table(report, selection=None)])
    return (report,)


@app.cell
def _(connection, district, mo):
    labels = connection.execute(
        """
        select subgroup_label, subgroup
        from dim_subgroup
        where district_id = $district and subgroup <> 'all_students'
        group by all
        order by min(display_order)
        """,
        {"district": district.value},
    ).fetchall()
    subgroup = mo.ui.dropdown(dict(labels), value=labels[0][0] if labels else None, label="Subgroup")
    subgroup
    return (subgroup,)


@app.cell
def _(connection, district, mo, subgroup):
    schools = connection.execute(
        """
        select school_name, value_label, student_count, total_students, round(100 * student_share, 1) as share_pct
        from rpt_school_subgroup
        inner join dim_subgroup using (district_id, subgroup, value)
        where district_id = $district and subgroup = $subgroup
        order by school_name, school_id, display_order
        """,
        {"district": district.value, "subgroup": subgroup.value},
    ).pl()
    mo.vstack([mo.md("## Schools side by side"), mo.ui.table(schools, selection=None)])
    return (schools,)


@app.cell
def _(connection, district, mo):
    findings = connection.execute(
        """
        select severity, feed, code, coalesce(sum(count), count(*))::bigint as rows, any_value(message) as message
        from quality.finding
        inner join quality.delivery using (district_id, delivery_id)
        where district_id = $district and state = 'published'
        group by all
        order by rows desc
        """,
        {"district": district.value},
    ).pl()
    mo.vstack([mo.md("## What the checks found in what is counted"), mo.ui.table(findings, selection=None)])
    return (findings,)


if __name__ == "__main__":
    app.run()
