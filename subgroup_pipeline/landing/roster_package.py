"""The files of one roster by OneRoster's names, unpacked where they came in a zip, and what manifest.csv says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.edition import edition_of_headers
from subgroup_pipeline.landing.listed import files_of, is_listed, listing_of, write_list
from subgroup_pipeline.reading.manifest import HEADER, MAX_SIZE, ManifestLine, announced_files
from subgroup_pipeline.reading.roster_files import KINDS_OF_1P2, MANIFEST, Edition, kinds_of, roster_file
from subgroup_pipeline.reading.zip_proof import member_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
    from subgroup_pipeline.registry.schema import Delivery, DeliveryFile

_KINDS = {kind.casefold(): kind for kind in KINDS_OF_1P2}
_EDITIONS: dict[str, Edition] = {"1.0": "1.0", "1.1": "1.1", "1.2": "1.2", "1.2.1": "1.2"}
"""By what manifest.csv gives as oneroster.version."""
_VERSIONS = ("manifest.version", "oneroster.version")
# The last two are what EDU's own exporter writes for the two before.
_PROPERTIES = (*_VERSIONS, "source.systemName", "source.systemCode", "file.systemName", "file.systemCode")
_SPELLED = {name.casefold(): name for name in (*_PROPERTIES, *(f"file.{kind}" for kind in KINDS_OF_1P2))}
_MODES = ("absent", "bulk", "delta")
_LIKE_A_VERSION = re.compile(r"v?[0-9][0-9.]{0,7}")


@dataclass
class RosterPackage:
    """Files by name, OneRoster's own where it has one; `modes` are `bulk`, `delta` or `absent` by kind, as manifest.csv says."""

    files: dict[str, Path] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    edition: Edition = "1.1"
    is_listed: bool = False
    """It was fetched as lists: there is no manifest, and no column that the server did not have to give."""

    @property
    def known(self) -> set[str]:
        """Names of the files that its edition of OneRoster knows, without the manifest."""
        return self.files.keys() & {f"{kind}.csv" for kind in kinds_of(self.edition)}

    @property
    def unknown(self) -> list[str]:
        """Names of the other files."""
        return sorted(set(self.files) - self.known - {MANIFEST})

    @property
    def is_delta(self) -> bool:
        """Whether the set is to be applied to the one before: a file of it is a delta, or it says that nothing changed."""
        says_nothing_changed = bool(self.modes) and set(self.files) <= {MANIFEST} and set(self.modes.values()) == {"absent"}
        return "delta" in self.modes.values() or says_nothing_changed

    @property
    def announced(self) -> set[str]:
        """Names of the files that manifest.csv says are part of the set."""
        return {f"{kind}.csv" for kind, mode in self.modes.items() if mode in ("bulk", "delta")}


def open_package(
    delivery: Delivery, plain: Mapping[str, Path], scratch: Path, readers: ReadingPool, zips: UnpackedZips
) -> RosterPackage:
    """The files of a roster and its manifest, with findings about names and manifest; folders in a zip do not count.

    `plain` are the uploads by sha256. What has to be unpacked lies in `scratch` afterwards. Raises OSError when the disk has no
    place for it.
    """
    if is_listed(delivery):
        return _open_lists(delivery, plain, scratch, readers)
    package = RosterPackage()
    _name_files(package, _files(package, delivery, plain, scratch, zips))
    if MANIFEST in package.files:
        _read_manifest(package, package.files[MANIFEST], readers)
    else:
        package.edition = edition_of_headers(package.files, readers)
    if package.edition == "1.0":
        told = "manifest.csv says so." if MANIFEST in package.files else "It has no manifest.csv, and columns of OneRoster 1.0."
        package.findings.append(Finding("PKG023", file=MANIFEST, about=told))
    return package


def _open_lists(delivery: Delivery, plain: Mapping[str, Path], scratch: Path, readers: ReadingPool) -> RosterPackage:
    """The lists of a roster that was fetched, each written as the file that it stands for."""
    uploads = {file.name: plain[file.sha256] for file in delivery.files}
    listing = listing_of(uploads)
    package = RosterPackage(is_listed=True, edition=listing.version)
    for kind, listed in files_of(listing).items():
        package.modes[kind] = "bulk"
        target = scratch / "unpacked" / f"{kind}.csv"
        if listed.is_whole and write_list(uploads, readers, kind, target):
            package.files[target.name] = target
        elif listed.is_whole:
            package.findings.append(Finding("FIL003", file=target.name))
    return package


def kept_members(delivery: Delivery, zips: UnpackedZips) -> Path | None:
    """Where the members of a delivery's zip lie since intake unpacked it; None where they do not, or where it is no zip."""
    upload = _zip_of(delivery)
    if upload is None:
        return None
    return zips.kept(upload.sha256, {file.sha256: file.size for file in delivery.files if file.member_of})


def _zip_of(delivery: Delivery) -> DeliveryFile | None:
    uploads = [file for file in delivery.files if not file.member_of]
    is_zip = len(uploads) == 1 and delivery.feed == "roster" and uploads[0].name.casefold().endswith(".zip")
    return uploads[0] if is_zip else None


def _files(
    package: RosterPackage, delivery: Delivery, plain: Mapping[str, Path], scratch: Path, zips: UnpackedZips
) -> list[tuple[str, Path]]:
    """Names as uploaded, with where the bytes lie; none of a zip that cannot be read any more, which is then said."""
    upload = _zip_of(delivery)
    if upload is None:
        return [(file.name, plain[file.sha256]) for file in delivery.files]
    kept = kept_members(delivery, zips)
    if kept is not None:
        return [(member_name(file.name), kept / file.sha256) for file in delivery.files if file.member_of]
    into = scratch / "unpacked"
    proof = zips.unpack(plain[upload.sha256], upload.name, into)
    package.findings += proof.findings
    return [(member_name(member.name), into / member.sha256) for member in proof.members]


def _name_files(package: RosterPackage, files: list[tuple[str, Path]]) -> None:
    other: list[str] = []
    for name, path in files:
        known = roster_file(name)
        if known in package.files:
            package.findings.append(Finding("PKG021", file=known))
        if known and known != name:
            other.append(known)
        package.files[known or name] = path
    if other:
        words = f"OneRoster's names are {', '.join(sorted(other))}."
        package.findings.append(Finding("PKG014", file=min(other), count=len(other), about=words))


def _read_manifest(package: RosterPackage, path: Path, readers: ReadingPool) -> None:
    """Note what manifest.csv says, and what is wrong with how it says it (OneRoster 1.1 and 1.2 CSV, manifest.csv)."""
    if path.stat().st_size > MAX_SIZE:
        package.findings.append(Finding("PKG017", file=MANIFEST))
        return
    lines = readers.read_manifest(path)
    if lines is None:
        package.findings.append(Finding("FIL003", file=MANIFEST))
        return
    version = next((line.value for line in lines if line.key == "oneroster.version"), "")
    package.edition = _EDITIONS.get(version, "1.1")
    of_edition = kinds_of(package.edition)
    modes = {_KINDS[kind]: mode for kind, mode in announced_files(lines).items() if kind in _KINDS}
    package.modes = {kind: mode for kind, mode in modes.items() if kind in of_edition}
    if not lines or (lines[0].key, lines[0].mode) != HEADER:
        package.findings.append(Finding("PKG011", file=MANIFEST, line=1))
    else:
        package.findings += _manifest_faults(lines, of_edition)
    package.findings += _version_faults({line.key: line for line in lines})


def _manifest_faults(lines: list[ManifestLine], kinds: Collection[str]) -> list[Finding]:
    others = {f"file.{kind}".casefold() for kind in KINDS_OF_1P2 if kind not in kinds}
    keys = [line.key for line in lines[1:]]
    known = [line for line in lines[1:] if line.key in _SPELLED and line.key not in others]
    odd = [line.line for n, line in enumerate(lines[1:]) if line not in known or line.key in keys[:n]]
    modes = [line for line in known if line.key.removeprefix("file.") in _KINDS]
    unlike = [line.line for line in known if _is_unlike(line)]
    if lines[0].line > 1 or lines[0].is_padded or (lines[0].name, lines[0].value) != ("propertyName", "value"):
        unlike.insert(0, lines[0].line)
    return [
        *([Finding("PKG012", file=MANIFEST, count=len(odd), lines=tuple(odd[:5]))] if odd else []),
        *([Finding("PKG015", file=MANIFEST, count=len(unlike), lines=tuple(unlike[:5]))] if unlike else []),
        *(
            Finding("PKG013", file=MANIFEST, line=line.line, column=_SPELLED[line.key])
            for line in modes
            if line.mode not in _MODES
        ),
    ]


def _is_unlike(line: ManifestLine) -> bool:
    """Whether a line that was understood is written in another way than OneRoster writes it."""
    is_mode = line.key.removeprefix("file.") in _KINDS and line.mode in _MODES
    return line.is_padded or line.name != _SPELLED[line.key] or (is_mode and line.value != line.mode)


def _version_faults(lines: Mapping[str, ManifestLine]) -> list[Finding]:
    findings: list[Finding] = []
    manifest, oneroster = (lines.get(name) for name in _VERSIONS)
    if oneroster is None or not oneroster.value:
        line = oneroster.line if oneroster else None
        findings.append(Finding("PKG006", file=MANIFEST, line=line, about="manifest.csv does not give oneroster.version."))
    elif oneroster.value not in _EDITIONS:
        # Quoted only where it cannot be a text of somebody else's.
        said = oneroster.value if _LIKE_A_VERSION.fullmatch(oneroster.value) else "something else"
        findings.append(
            Finding("PKG006", file=MANIFEST, line=oneroster.line, about=f"manifest.csv gives oneroster.version {said}.")
        )
    if manifest is not None and manifest.value != "1.0":
        findings.append(Finding("PKG004", file=MANIFEST, line=manifest.line, column=manifest.name))
    return findings
