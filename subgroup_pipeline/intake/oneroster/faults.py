"""What can be wrong with a roster server, told apart by what a person must do."""

from __future__ import annotations

from subgroup_pipeline.intake.sources.source import SourceError


class RosterServerError(SourceError):
    """A fault of a roster server or of the way to it. Its text names the server and the endpoint, and quotes no answer."""

    code = "API001"


class NoAnswerError(RosterServerError):
    """The server did not answer, after bounded tries."""

    code = "API001"


class SecretsError(RosterServerError):
    """A secret is missing, or the server refused those it was given."""

    code = "API002"
    needs_person = True


class FaultyPageError(RosterServerError):
    """A page is no list of OneRoster objects, or the server answered with a fault, after bounded tries."""

    code = "API003"


class UnsteadyListError(RosterServerError):
    """A list does not add up: another number of objects than was said, or one that stands in it twice."""

    code = "API004"


class NotOfferedError(RosterServerError):
    """The server has no such list."""

    code = "API005"


class NotSharedError(SecretsError):
    """The server knows us and does not show us this list."""


class RefusedAddressError(RosterServerError):
    """The server's name leads to an address that we do not connect to."""

    code = "API007"
    needs_person = True


class OutOfTimeError(RosterServerError):
    """The district's time of this night is over."""

    code = "API006"
