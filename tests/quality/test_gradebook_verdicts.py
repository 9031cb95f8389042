"""What a gradebook does to the verdict of its roster: nothing, whatever share of its rows is set aside."""

from __future__ import annotations

from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

ROSTER = small.graded_roster(60)


def _without_rows(name: str) -> str:
    return ROSTER[name].partition("\n")[0] + "\n"


def _year_later(files: dict[str, str]) -> dict[str, str]:
    sessions = files["academicSessions.csv"].replace("2027", "2028").replace("2026", "2027")
    return files | {"academicSessions.csv": sessions}


def test_rows_set_aside_hold_nothing_and_lost_results_are_said_once_in_a_school_year(place: Place) -> None:
    mostly_wrong = ROSTER | {"results.csv": ROSTER["results.csv"].replace("quiz", "exam")}
    without = ROSTER | {"results.csv": _without_rows("results.csv"), "lineItems.csv": _without_rows("lineItems.csv")}
    left = ROSTER | {"users.csv": ROSTER["users.csv"].replace("s001,,,true", "s001,,,false")}
    districts = {
        # Two thirds of the results are of line items that are not there.
        "mostly_wrong": (mostly_wrong, "", "accepted_with_rows_set_aside", {"GRD621"}, without, {"GRD603", "ROW006"}),
        "clean_only": (mostly_wrong, "publish_when: clean\n", "accepted_with_rows_set_aside", {"GRD621"}, ROSTER, set()),
        "next_year": (left, "", "accepted", {"ENR103", "GRD630"}, _year_later(without), {"ENR104", "ROW006"}),
    }
    first = {}
    for district, (files, more, *_) in districts.items():
        place.add(district, more=more)
        first[district] = place.deliver("roster", {"roster.zip": zip_of(files)}, district)
    place.judge()
    for district, (_, _, verdict, codes, *_) in districts.items():
        delivery = place.delivery(first[district])
        assert (delivery.verdict, place.codes(first[district]) - {"ENR106"}) == (verdict, codes), district
    assert place.found(first["mostly_wrong"], "GRD621")[0][:3] == ("results.csv", 2, "lineItemSourcedId")
    # Nothing is to be mended where a student left, so no file is looked through for the lines.
    assert place.found(first["next_year"], "GRD630")[0][:3] == ("results.csv", None, "studentSourcedId")
    assert place.delivery(first["mostly_wrong"]).record.rows_set_aside_by_checks == 60

    second = {
        district: place.deliver("roster", {"roster.zip": zip_of(files)}, district)
        for district, (*_, files, _) in districts.items()
    }
    place.judge()
    for district, (*_, codes) in districts.items():
        assert place.delivery(second[district]).verdict == "accepted", district
        assert place.codes(second[district]) - {"ENR106"} == codes, district
