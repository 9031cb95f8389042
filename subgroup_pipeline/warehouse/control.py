"""The control tables that tell SQL what a district's settings say: its subgroups with their values, and what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.report_settings import pairs_of
from subgroup_pipeline.districts.subgroup_catalogue import standard_order, standard_subgroup
from subgroup_pipeline.warehouse.control_tables import REPORT_BAND, REPORT_PAIR, SUBGROUP_COLUMN, SUBGROUP_VALUE
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.districts.subgroup_settings import SubgroupColumn


def write_subgroup_settings(connection: duckdb.DuckDBPyConnection, districts: Iterable[RegisteredDistrict]) -> None:
    """Replace the subgroup settings of the warehouse by those of these districts."""
    columns: list[dict[str, Any]] = []
    values: list[dict[str, Any]] = []
    for district in districts:
        if district.settings.subgroups is None:
            continue
        for order, (name, column) in enumerate(district.settings.subgroups.columns.items(), start=1):
            of_subgroup = {"district_id": district.district_id, "subgroup": column.subgroup}
            described = of_subgroup | _description(column, order, district)
            columns += [
                {**described, "source": place.source, "source_column": place.column, "precedence": precedence}
                for precedence, place in enumerate(district.settings.subgroups.places(name), start=1)
            ]
            known_values = district.settings.subgroups.known_values(name)
            values += [
                {
                    **of_subgroup,
                    "raw_key": raw.strip(),
                    "value": value,
                    "value_label": column.value_label(value),
                    "is_member": column.is_member(value),
                    "display_order": position,
                }
                for position, (raw, value) in enumerate(known_values.items(), start=1)
            ]
    connection.execute(f"delete from {SUBGROUP_COLUMN}; delete from {SUBGROUP_VALUE}")
    insert_rows(connection, SUBGROUP_COLUMN, columns)
    insert_rows(connection, SUBGROUP_VALUE, values)


def _description(column: SubgroupColumn, order: int, district: RegisteredDistrict) -> dict[str, Any]:
    """What the settings and the catalogue of standard subgroups say of a subgroup, wherever it is read from."""
    standard = standard_subgroup(column.subgroup)
    return {
        "subgroup_label": column.shown_name,
        "is_open": column.open,
        "blank_value": column.blank,
        "sensitivity": column.sensitivity,
        "is_on_student_pages": column.sensitivity != "nsla" or district.settings.reports.nsla_student_level,
        "essa_group": standard.essa_group if standard else None,
        "display_order": order,
        "subgroup_order": standard_order(column.subgroup, order),
    }


def write_report_settings(connection: duckdb.DuckDBPyConnection, districts: Iterable[RegisteredDistrict]) -> None:
    """Replace the bands and pairs of the warehouse by those of these districts."""
    bands: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for district in districts:
        settings = district.settings
        bands += [
            {"district_id": district.district_id, "band": band, "band_order": order, "band_floor": floor}
            for order, (band, floor) in enumerate(settings.reports.bands.items(), start=1)
        ]
        pairs += [
            {"district_id": district.district_id, "subgroup": one, "with_subgroup": other}
            for one, other in pairs_of(settings.reports, settings.subgroups)
        ]
    connection.execute(f"delete from {REPORT_BAND}; delete from {REPORT_PAIR}")
    insert_rows(connection, REPORT_BAND, bands)
    insert_rows(connection, REPORT_PAIR, pairs)
