"""What a bad network and bad keys do: told apart by what a person must do, bounded in time, and never to other districts."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
import pytest

from subgroup_pipeline.districts.registered import registered_district, registered_districts
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.fetch import Fetched, observe_sources
from subgroup_pipeline.intake.sources import sftp, sftp_server
from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.sftp_server import server_of
from subgroup_pipeline.registry.ledger import district_findings
from subgroup_pipeline.settings import Settings
from tests.support.installation import zip_of
from tests.support.servers import Proxy, World, free_port, silent_server
from tests.support.waiting import waited

ZIP = zip_of({"users.csv": "sourcedId\nu1\n"})
BIG = b"student_id,ell\n" + b"s1,y\n" * 400_000


def _said(world: World) -> dict[str, list[str]]:
    with world.registry.begin() as session:
        said: dict[str, list[str]] = {}
        for finding in district_findings(session):
            said.setdefault(finding.district_id, []).append(finding.code)
        return said


def _through(world: World, port: int) -> Settings:
    """The installation's settings, its server reached at another port, where the same keys are expected."""
    known_hosts = world.settings.paths.keys / "known_hosts"
    known_hosts.write_text(known_hosts.read_text().replace(f":{world.settings.sftp_port} ", f":{port} "))
    return world.with_settings(sftp_port=port)


def _other_key() -> str:
    return asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()


def _server(world: World, **changes: object) -> sftp_server.SftpServer:
    made = server_of(world.settings, registered_district(world.registry, "alpha"))
    return sftp_server.SftpServer(**({name: getattr(made, name) for name in made.__dataclass_fields__} | changes))


def _fault(world: World, **changes: object) -> sftp_server.SftpError:
    connection = sftp.SftpConnection(_server(world, **changes))
    with pytest.raises(sftp_server.SftpError) as raised:
        connection.list_files("/alpha/inbox/roster")
    connection.close()
    return raised.value


def test_a_changed_host_key_is_refused_at_once_and_nothing_is_fetched(world: World) -> None:
    world.put("alpha", "roster", "roster.zip", ZIP)
    port = world.settings.sftp_port
    (world.settings.paths.keys / "known_hosts").write_text(f"[127.0.0.1]:{port} {_other_key()}\n")
    began = time.monotonic()
    fetched = world.fetch()
    assert time.monotonic() - began < 2
    assert "another host key" in fetched.faults["alpha"]
    assert "on purpose" in fetched.faults["alpha"]
    assert _said(world) == {"alpha": ["NET002"]}
    assert world.left("alpha") == ["roster.zip"]


def test_a_host_key_of_another_kind_than_the_one_on_record_is_refused(world: World) -> None:
    ecdsa = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().strip()
    fault = _fault(world, known_hosts=None, host_key=ecdsa)
    assert isinstance(fault, sftp_server.HostKeyError)
    assert "Nothing was fetched" in str(fault)


def test_a_server_without_a_key_on_record_is_not_trusted(world: World) -> None:
    (world.settings.paths.keys / "known_hosts").unlink()
    assert "no host key is on record" in world.fetch().faults["alpha"]
    assert _said(world) == {"alpha": ["NET001"]}


@pytest.mark.parametrize(
    "key", ["ssh-ed25519", "ssh-ed25519 !!!", "ssh-none AAAA", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2E=", "x y z"]
)
def test_a_host_key_on_record_that_cannot_be_read_is_said_to_be_that(world: World, key: str) -> None:
    """A key type that paramiko does not know raised an error of its own, which stopped the fetch for every district."""
    fault = _fault(world, known_hosts=None, host_key=key)
    assert isinstance(fault, sftp_server.HostKeyError)
    assert "cannot be read" in str(fault)


def test_a_pin_of_the_rsa_key_alone_is_enough(world: World) -> None:
    lines = (world.settings.paths.keys / "known_hosts").read_text().splitlines()
    pin = next(line.split(" ", 1)[1] for line in lines if " ssh-rsa " in line)
    connection = sftp.SftpConnection(_server(world, known_hosts=None, host_key=pin))
    assert connection.list_files("/alpha/inbox/roster") == []
    connection.close()


def test_a_refused_sign_in_is_said_at_once(world: World, tmp_path: Path) -> None:
    key = tmp_path / "wrong"
    key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh"))
    began = time.monotonic()
    fault = _fault(world, private_key=key)
    assert isinstance(fault, sftp_server.SignInError)
    assert "_pipeline with wrong" in str(fault)
    assert time.monotonic() - began < 2


def test_an_installation_whose_server_was_never_started_says_so(world: World, tmp_path: Path) -> None:
    fault = _fault(world, private_key=tmp_path / "none")
    assert isinstance(fault, sftp_server.UnreachableError)
    assert "subgroups up" in str(fault)


def test_a_missing_key_for_a_server_of_a_district_is_named(world: World, tmp_path: Path) -> None:
    fault = _fault(world, private_key=tmp_path / "none", is_ours=False)
    assert isinstance(fault, sftp_server.SignInError)
    assert str(tmp_path / "none") in str(fault)


@pytest.mark.parametrize(
    "content", ["", "no key at all\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"]
)
def test_a_key_file_that_cannot_be_read_is_a_fault_of_the_key(world: World, tmp_path: Path, content: str) -> None:
    """It was reported as a server that does not answer."""
    key = tmp_path / "broken"
    key.write_text(content)
    fault = _fault(world, private_key=key)
    assert isinstance(fault, sftp_server.SignInError)
    assert str(key) in str(fault)


def test_nothing_listening_is_reported_after_bounded_tries(world: World) -> None:
    settings = _through(world, free_port())
    began = time.monotonic()
    fetched = world.fetch(settings=settings)
    assert time.monotonic() - began < 6
    assert "did not answer" in fetched.faults["alpha"]
    assert "subgroups up" in fetched.faults["alpha"]
    assert _said(world) == {"alpha": ["NET001"]}


def test_a_server_that_does_not_answer_is_not_asked_again_for_each_of_its_districts(world: World, impatient: None) -> None:
    """Each district made its own three tries, one after the other: a thousand districts would have waited for 17 hours."""
    for number in range(20):
        world.add(f"d{number:02}")
    with silent_server() as port:
        settings = _through(world, port)
        began = time.monotonic()
        fetched = world.fetch(settings=settings)
    assert len(fetched.faults) == 21
    assert time.monotonic() - began < 8


def test_a_finding_of_the_server_goes_away_when_it_answers_again(world: World) -> None:
    port = world.settings.sftp_port
    closed = free_port()
    world.fetch(settings=_through(world, closed))
    known_hosts = world.settings.paths.keys / "known_hosts"
    known_hosts.write_text(known_hosts.read_text().replace(f":{closed} ", f":{port} "))
    world.fetch()
    assert _said(world) == {}


def test_the_sensor_stops_at_a_bad_key_and_is_told_of_a_server_that_is_down(world: World) -> None:
    districts = registered_districts(world.registry)
    ready, faults = observe_sources(world.registry, _through(world, free_port()), districts)
    assert ready == {}
    assert ["did not answer" in fault for fault in faults] == [True]
    world.settings.paths.keys.joinpath("pipeline").write_text("no key")
    with pytest.raises(sftp_server.SignInError):
        observe_sources(world.registry, world.settings, districts)


@pytest.mark.parametrize("cut", [0, 500, 3000, 1_000_000])
def test_a_connection_that_breaks_twice_is_tried_again_and_the_file_is_whole(world: World, cut: int) -> None:
    world.put("alpha", "subgroups", "s.csv", BIG)
    with Proxy(world.settings.sftp_port, [cut, cut, None]) as proxy:
        fetched = world.fetch(settings=_through(world, proxy.port))
        assert proxy.connections == 3
    assert fetched.faults == {}
    assert fetched.bytes == len(BIG)


def test_a_connection_that_always_breaks_while_a_file_is_read_ends_as_a_fault(world: World) -> None:
    world.put("alpha", "subgroups", "s.csv", BIG)
    with Proxy(world.settings.sftp_port, [400_000]) as proxy:
        fetched = world.fetch(settings=_through(world, proxy.port))
        assert proxy.connections <= 6
    assert "the transfer with" in fetched.faults["alpha"]
    assert _said(world) == {"alpha": ["NET004"]}
    assert (world.deliveries(), world.archived()) == ([], [])
    assert world.left("alpha", "subgroups") == ["s.csv"]


def test_a_broken_transfer_is_a_transfer_error(world: World, tmp_path: Path) -> None:
    world.put("alpha", "subgroups", "s.csv", BIG)
    with Proxy(world.settings.sftp_port, [400_000]) as proxy:
        settings = _through(world, proxy.port)
        connection = sftp.SftpConnection(server_of(settings, registered_district(world.registry, "alpha")))
        (entry,) = connection.list_files("/alpha/inbox/subgroups")
        with incoming_file(DistrictArchive(settings.paths, "alpha")) as incoming, pytest.raises(sftp_server.TransferError):
            connection.fetch(entry, incoming)
        connection.close()


def test_a_server_that_accepts_and_never_speaks_is_left_after_the_time_out(world: World) -> None:
    with silent_server() as port:
        known_hosts = f"[127.0.0.1]:{port} {_other_key()}\n"
        (world.settings.paths.keys / "known_hosts").write_text(known_hosts)
        began = time.monotonic()
        fault = _fault(world, port=port, timeout=0.4)
    assert isinstance(fault, sftp_server.UnreachableError)
    assert time.monotonic() - began < 6


def test_an_upload_that_cannot_be_removed_is_no_harm_to_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while the inbox was cleared stopped the fetch, and the districts behind it were not entered."""
    world.add("beta")
    for district in ("alpha", "beta"):
        world.put(district, "roster", "roster.zip", ZIP)
    remove = sftp.SftpConnection.remove

    def broken(self: sftp.SftpConnection, entry: RemoteEntry) -> None:
        if "/alpha/" in entry.path:
            raise sftp_server.TransferError("the connection is gone")
        remove(self, entry)

    with monkeypatch.context() as patched:
        patched.setattr(sftp.SftpConnection, "remove", broken)
        fetched = world.fetch()
    assert len(fetched.new) == 2
    assert fetched.faults == {"alpha": "the connection is gone"}
    assert (world.left("alpha"), world.left("beta")) == (["roster.zip"], [])
    again = world.fetch()
    assert (again.new, again.seen_again) == ([], 0)
    assert world.left("alpha") == []


def _own_server(port: int, key: str = "pipeline") -> str:
    server = {"host": "127.0.0.1", "port": port, "username": "u", "host_key": _other_key(), "private_key": key}
    return "server:\n" + "".join(f"  {name}: {value}\n" for name, value in server.items())


def _others_delivered(world: World, fetched: Fetched) -> None:
    assert {d.district_id for d in world.deliveries()} == {"alpha", "gamma"}
    assert len(fetched.new) == 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [("nothing listens", "NET001"), ("never speaks", "NET001"), ("another key", "NET002"), ("no key of ours", "NET003")],
)
def test_a_district_with_a_bad_server_of_its_own_harms_nobody(world: World, impatient: None, fault: str, code: str) -> None:
    for district in ("alpha", "gamma"):
        world.put(world.add(district), "roster", "roster.zip", ZIP)
    with silent_server() as silent:
        port = {"nothing listens": free_port(), "never speaks": silent}.get(fault, world.settings.sftp_port)
        world.add("beta", _own_server(port, "none" if fault == "no key of ours" else "pipeline"))
        fetched = world.fetch()
    _others_delivered(world, fetched)
    assert list(fetched.faults) == ["beta"]
    assert _said(world) == {"beta": [code]}


def test_a_server_that_stalls_delays_no_other(world: World) -> None:
    """Servers were asked one after the other: each that accepted and never spoke kept all behind it for a minute."""
    with ThreadPoolExecutor(1) as night:
        with silent_server() as silent:
            world.add("a_slow", _own_server(silent))
            world.put(world.add("quick"), "roster", "roster.zip", ZIP)
            fetching = night.submit(world.fetch, "a_slow", "quick")
            waited(lambda: bool(world.states("quick")) and world.left("quick") == [])
            assert not fetching.done()
        fetched = fetching.result()
    assert (len(fetched.new), list(fetched.faults)) == (1, ["a_slow"])


def test_keys_are_never_learned(world: World) -> None:
    known_hosts = world.settings.paths.keys / "known_hosts"
    shutil.copy2(known_hosts, world.settings.paths.keys / "before")
    world.add("beta", _own_server(world.settings.sftp_port))
    world.fetch()
    assert known_hosts.read_bytes() == (world.settings.paths.keys / "before").read_bytes()
