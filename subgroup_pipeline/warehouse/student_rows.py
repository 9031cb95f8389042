"""Which rows of our DuckDB files are one student's: by `student_id` everywhere, and in the raw tables by their own columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.forgetting import Gone, tables_with
from subgroup_pipeline.warehouse.sql_text import identifier, literals

if TYPE_CHECKING:
    import duckdb

ID_COLUMNS = {
    "users": "sourcedId",
    "roles": "userSourcedId",
    "demographics": "sourcedId",
    "enrollments": "userSourcedId",
    "results": "studentSourcedId",
}
"""By raw table: the column that says whose row it is."""
AGENTS = "agentSourcedIds"
"""The column of users with the IDs of guardians, or of a guardian's students."""
_KEYED = "raw.subgroup_row"
_SET_ASIDE = "raw.set_aside_row"


@dataclass(frozen=True)
class StudentIds:
    """A student: the own ID (`sourcedId`), and the IDs that a subgroup file may call the student by, by roster field."""

    district_id: str
    student_id: str
    keys: dict[str, str]

    @property
    def all(self) -> list[str]:
        """Every ID once."""
        return list(dict.fromkeys([self.student_id, *self.keys.values()]))

    def rows(self, connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Gone]:
        """The student's rows in an attached catalog, and cells of other rows that name the student."""
        own = (self.district_id, self.student_id)
        found = []
        for table in tables_with(connection, catalog, "district_id", "student_id"):
            if table.replace('"', "") == _KEYED:
                found.append(Gone(table, "district_id = ? and list_contains(?, student_id)", (self.district_id, self.all)))
            else:
                found.append(Gone(table, "district_id = ? and student_id = ?", own))
        for column in sorted(set(ID_COLUMNS.values())):
            raw = tables_with(connection, catalog, "district_id", "file_name", column)
            theirs = [table for table in raw if ID_COLUMNS.get(table.replace('"', "").partition(".")[2]) == column]
            found += [Gone(table, f"district_id = ? and {identifier(column)} = ?", own) for table in theirs]
        for table in tables_with(connection, catalog, "district_id", AGENTS):
            named = f"""list_contains(list_transform(string_split("{AGENTS}", ','), lambda one: trim(one)), ?)"""
            found.append(Gone(table, f"district_id = ? and {named}", own, without_agents(literals([self.student_id]))))
        if _SET_ASIDE in [table.replace('"', "") for table in tables_with(connection, catalog, "district_id", "text", "line")]:
            named = "district_id = ? and len(list_filter(?, lambda one: contains(text, one))) > 0"
            found.append(Gone(_SET_ASIDE, named, (self.district_id, self.all), "text = null"))
        return found


def without_agents(ids: str) -> str:
    """SQL that sets the column of agents without some IDs, a list in SQL."""
    stay = f"""list_filter(string_split("{AGENTS}", ','), lambda agent: not list_contains({ids}, trim(agent)))"""
    return f"\"{AGENTS}\" = nullif(array_to_string({stay}, ','), '')"
