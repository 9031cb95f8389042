"""What `doctor` says of keys that do not open."""

from __future__ import annotations

from subgroup_pipeline.desk.doctor.storage import keys
from subgroup_pipeline.keyring import Keyring
from tests.support.place import Place


def test_a_damaged_key_and_a_lost_master_key_are_told_by_district(place: Place) -> None:
    keyring, folder = Keyring(place.settings.paths), place.settings.paths.keys
    for district in ("alpha", "beta"):
        keyring.derived_key(district, "archive")
    assert keys(place.settings) == []
    (folder / "districts" / "alpha.key").write_bytes(b"not the key")
    (complaint,) = keys(place.settings)
    assert (complaint.level, "alpha" in complaint.what) == ("error", True)
    (folder / "master_key").unlink()
    assert len(keys(place.settings)) == 2
