"""A messy district, a clean one and one that uploads changes: what they upload before each of two nights."""

from __future__ import annotations

from subgroup_pipeline.registry.decisions import approve
from subgroup_pipeline.registry.ledger import get_delivery
from tests.support import small_district as small
from tests.support.installation import Installation, zip_of

MORE = {
    "orgs.csv": "\"odd,id\",,,Ash School,school,,d1\nteam,,,Team,team,,d1\nashes,,,\"Two\nlines\nAsh\",school,,d1\n",
    "academicSessions.csv": "late,,,Late,term,2026-12-18,2026-08-17,year,2027\nbad,,,Bad,term,12/18/26,2027-01-01,year,2027\n",
    "classes.csv": "\"k,9\",,,Odd,05,course0,O,scheduled,,school0,year,,,\n"
    "away,,,Away,05,course0,A,scheduled,,nowhere,year,,,\n"
    "ash,,,Ash,05,course0,A,scheduled,,\"odd,id\",year,,,\n",
    "users.csv": ",,,true,school0,student,blank,,No,Key,,,,,,,05,\n"
    "\"s,999\",,,true,school0,student,space,,Odd,Key,,,,,,,05,\n"
    "learner1,,,true,school0,learner,learner1,,Lea,Rner,,,,,,,05,\n"
    "s010,,,TRUE,school0,Student,cased,,\"Ca\n\nsed\",Student,,,,,,,05,\n"
    "\n,,,,,,,,,,,,,,,,,\n"
    "short,row\n"
    "twin,,,true,school0,student,twin1,,Twin,One,,,,,,,05,\n"
    "twin,,,true,school0,student,twin2,,Twin,Two,,,,,,,05,\n",
    "enrollments.csv": "x1,,,nowhere,school0,s001,student,,,\n"
    "x2,,,class0,school0,nobody,student,,,\n"
    "x3,,,class0,school0,s001,visitor,,,\n"
    "x4,,,class0,school0,s001,student,,2026-13-01,\n"
    "x5,,,class0,school0,s001,student,,2026-10-01,2026-09-01\n"
    "x6,,,away,nowhere,s001,student,,,\n"
    "x7,,,class0,school0,twin,student,,,\n"
    "x8,,,class0,school0,s010,Student,,,\n"
    "x9,tobedeleted,,nowhere,nowhere,nobody,student,,,\n",
    "lineItems.csv": ",,,No key,,,,class0,,fall,0,20\n"
    "twin,,,One,,,,class0,,fall,0,20\n"
    "twin,,,Two,,,,class0,,fall,0,20\n"
    "lost,,,Lost,,,,nowhere,,fall,0,20\n"
    "away,,,Away,,,,away,,fall,0,20\n"
    "flat,,,Flat,,,,class0,,fall,5,5\n",
    "results.csv": "r1,,,nothing,s001,fully graded,5,,\n"
    "r2,,,quiz0,nobody,fully graded,5,,\n"
    "r3,,,quiz0,s002,graded,5,,\n"
    "r4,,,quiz0,s002,fully graded,B+,,\n"
    "r5,,,quiz1,s003,fully graded,1,,\n"
    "r6,,,twin,s002,exempt,,,\n"
    "r7,,,quiz0,twin,fully graded,1,,\n"
    "r8,,,quiz0,s002,submitted,9,,\n"
    "r9,tobedeleted,,nothing,nobody,,,,\n",
}  # fmt: skip


GRADED = small.graded_roster()


def messy() -> dict[str, str]:
    """The small district with every kind of row that is set aside, in every file."""
    return {name: text + MORE.get(name, "") for name, text in GRADED.items()}


def changes() -> dict[str, str]:
    """A set of changes to the small district: a student gone, one renamed, two new ones, one of them not usable; and results."""
    header = small.roster()["users.csv"].partition("\n")[0]
    rows = [
        f"{key},{status},2026-09-02T03:00:00.000Z,true,school0,{role},{key},,Given,Family,,,,,,,05,"
        for key, status, role in (
            ("s001", "tobedeleted", "student"),
            ("s002", "active", "student"),
            ("s010", "active", "student"),
            ("s011", "active", "wizard"),
        )
    ]
    results = [
        GRADED["results.csv"].partition("\n")[0],
        "quiz-2,active,2026-09-02T03:00:00.000Z,quiz0,s002,fully graded,20,2026-09-10,",
        "essay-0,tobedeleted,2026-09-02T03:00:00.000Z,essay0,s000,fully graded,2,2026-09-10,",
        "essay-2,active,2026-09-02T03:00:00.000Z,essay0,s002,exempt,,2026-09-10,",
    ]
    manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
    manifest = manifest.replace("file.results,absent", "file.results,delta")
    texts = {"users.csv": [header, *rows], "results.csv": results}
    return {"manifest.csv": manifest} | {name: "\n".join(lines) + "\n" for name, lines in texts.items()}


def first_evening(installation: Installation) -> None:
    """All three upload rosters, and two of them subgroup files."""
    for district, files in (("messy", messy()), ("clean", GRADED), ("changed", GRADED)):
        installation.apply(small.settings(district))
        installation.drop(district, "roster", {"roster.zip": zip_of(files)})
    more = "s001,N,n\ns002,Y,n\n,Y,n\nnobody,N,n\nnobody,N,n\n"
    installation.drop("clean", "subgroups", {"subgroups.csv": small.subgroups()})
    installation.drop("messy", "subgroups", {"subgroups.csv": small.subgroups() + more})


def second_evening(installation: Installation) -> None:
    """The messy one was held for its doubled key, and a person lets it through."""
    (delivery,) = installation.deliveries("messy", "roster")
    assert delivery["state"] == "held", delivery["findings"]
    with installation.registry.begin() as session:
        approve(session, get_delivery(session, delivery["delivery_id"]), by="test", reason="twins are known")
    installation.drop("changed", "roster", {"roster.zip": zip_of(changes())})
