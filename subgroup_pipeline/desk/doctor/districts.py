"""Checks of the districts: who cannot sign in, and who waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint
from subgroup_pipeline.desk.words import some_of

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def without_a_way_in(_settings: Settings, registry: Registry) -> list[Complaint]:
    """Districts that upload to us and cannot, and that there are none at all."""
    from subgroup_pipeline.access.passwords import passwords_on_record
    from subgroup_pipeline.districts.district_keys import keys_on_record
    from subgroup_pipeline.districts.registered import registered_districts

    districts = registered_districts(registry)
    if not districts:
        return [Complaint("note", "No district is registered.", "`subgroups district apply FILE` registers one.")]
    able = {key.district_id for key in keys_on_record(registry) if key.paused_at is None} | set(passwords_on_record(registry))
    uploading = [d.district_id for d in districts if d.settings.server is None and d.settings.uploaded_feeds]
    names = [district_id for district_id in uploading if district_id not in able]
    if not names:
        return []
    what = f"{some_of(names)} {'has' if len(names) == 1 else 'have'} no SSH key in force and no password, and cannot upload."
    mend = (
        f"`subgroups district invite {names[0]}` lets them choose a password; "
        f"`subgroups district authorize {names[0]} --public-key FILE` adds a key."
    )
    return [Complaint("warning", what, mend)]


def without_secrets(_settings: Settings, registry: Registry) -> list[Complaint]:
    """Districts whose roster cannot be fetched, since a secret that its server asks for was never given."""
    from subgroup_pipeline.districts.district_secrets import names_on_record
    from subgroup_pipeline.districts.registered import registered_districts

    known, found = names_on_record(registry), []
    for district in registered_districts(registry):
        auth, district_id = district.settings.roster.auth, district.district_id
        missing = auth.missing(known.get(district_id, ())) if auth else []
        if missing:
            what = f"The roster of {district_id} cannot be fetched: {' and '.join(missing)} of its server "
            commands = " and ".join(f"`subgroups district secret {district_id} set {name}`" for name in missing)
            one = len(missing) == 1
            mend = (
                f"{commands} {'asks' if one else 'ask'} for it, or the district enters it on its page `/d/{district_id}/roster`."
            )
            found.append(Complaint("warning", f"{what}{'is' if one else 'are'} missing.", mend))
    return found


def own_shard(settings: Settings, registry: Registry) -> list[Complaint]:
    """Which districts this home takes where it does not take all; and that another database than the shared one is no shard."""
    from subgroup_pipeline.districts.registered import districts_of_shard, registered_districts

    shard = settings.own_shard
    if shard.is_whole:
        return []
    if not settings.is_on_postgres:
        mend = "Set SUBGROUPS_DATABASE_URL to the registry of all shards."
        return [Complaint("error", f"This home is shard {shard}, and its registry is a file of its own.", mend)]
    own, all_of_them = len(districts_of_shard(registry, shard)), len(registered_districts(registry))
    return [
        Complaint("note", f"This home is shard {shard}: it takes {own} of {all_of_them} districts, by the hash of their keys.")
    ]


def shared_keys(_settings: Settings, registry: Registry) -> list[Complaint]:
    """Keys that sign in as more than one district: right for a vendor, wrong when a file was mixed up."""
    from subgroup_pipeline.districts.district_keys import keys_on_record

    shared = {
        key.fingerprint: some_of(sorted((key.district_id, *key.also_of))) for key in keys_on_record(registry) if key.also_of
    }
    mend = "If one of them is a mistake, `subgroups district keys revoke ID FINGERPRINT` takes it away."
    return [Complaint("note", f"The key {name} signs in as {whose}.", mend) for name, whose in shared.items()]


def first_deliveries(_settings: Settings, registry: Registry) -> list[Complaint]:
    """First deliveries that a person has to look at: until then the district is in no report."""
    from subgroup_pipeline.registry.ledger import deliveries_in

    with registry.begin() as session:
        held = [d for d in deliveries_in(session, ["held"]) if any(finding.code == "FST701" for finding in d.findings)]
    return [
        Complaint(
            "warning",
            f"The first delivery of {d.district_id} ({d.feed}) waits for a person since {d.received_at:%Y-%m-%d %H:%M} UTC.",
            f"`subgroups delivery show {d.delivery_id}` shows it; `subgroups delivery approve {d.delivery_id} --by NAME --reason "
            "TEXT` lets it through.",
        )
        for d in held
    ]
