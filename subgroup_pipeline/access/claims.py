"""What the sign-in service of an organization claims of a person, and who they are here by it.

1. Only an address that the service has verified counts.
2. Claims that give a role decide about role, district and schools, at every sign-in. From then on the person is one of the
   claims: they sign in by the service alone, and when it gives them no role any more, they are refused.
3. Without such claims a person on record keeps the role that staff gave them, and anybody else is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.people import BY_CLAIMS, described, keep_person, normal_email
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.errors import PersonRefusedError, SignInRefusedError, UnknownDistrictError
from subgroup_pipeline.registry.schema import Person as PersonRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.access.roles import Person
    from subgroup_pipeline.settings import Settings


def person_of_claims(session: Session, settings: Settings, claims: dict[str, Any]) -> str:
    """The address of the person, whom claims may have added or changed. Raises SignInRefusedError in words for them."""
    email = _verified_email(claims)
    given = _given(settings, claims, email)
    row = session.get(PersonRow, email)
    if given is not None:
        try:
            keep_person(session, given, actor=BY_CLAIMS)
        except UnknownDistrictError as error:
            raise SignInRefusedError(
                f"Your account says that you belong to the district {given.district_id!r}, which is not set up here."
            ) from error
    elif row is None:
        raise SignInRefusedError(f"{email} is not known here. Ask the people who run this site to add you.")
    elif row.added_by == BY_CLAIMS:
        raise SignInRefusedError(
            f"The account {email} gives no role here any more. Ask who looks after accounts in your organization."
        )
    return email


def _verified_email(claims: dict[str, Any]) -> str:
    if claims.get("email_verified") not in (True, "true"):
        raise SignInRefusedError("Your organization has not verified your mail address, so we cannot know that it is yours.")
    try:
        return normal_email(str(claims.get("email", "")))
    except PersonRefusedError as error:
        raise SignInRefusedError("Your account gives no mail address that can be used here.") from error


def _given(settings: Settings, claims: dict[str, Any], email: str) -> Person | None:
    """The person as the claims describe them; None when they give no role."""
    said = _texts(claims.get(settings.oidc_role_claim)) if settings.oidc_role_claim else []
    role = next((role for value, role in settings.oidc_role_of.items() if value in said), None)
    if role is None:
        return None
    district_id = next(iter(_texts(claims.get(settings.oidc_district_claim))), "") if role != Role.VENDOR else ""
    schools = _texts(claims.get(settings.oidc_schools_claim)) if role == Role.SCHOOL else []
    try:
        return described(email, role, district_id, schools)
    except PersonRefusedError as error:
        raise SignInRefusedError(f"What your account says of you does not fit together: {error}") from error


def _texts(value: object) -> list[str]:
    """A claim as texts; services give one, or a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
