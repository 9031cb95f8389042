"""Typed errors of the whole pipeline. Each says what happened, where, and what to do; the command line prints it as is.

Only faults that stop a piece of work are errors. What is wrong with a district's file is a finding (`registry.findings`).
"""


class SubgroupsError(Exception):
    """Something stopped the work. The message is complete: what happened, where, and the mend."""


class SettingsError(SubgroupsError):
    """A setting of the installation, or a district's YAML, is refused."""


class ProposalError(SubgroupsError):
    """A sample from which settings were to be proposed cannot be read."""


class StaleSettingsError(SubgroupsError):
    """A district's settings were written from a version that is not in force any more."""


class KeyringError(SubgroupsError):
    """Sealed bytes cannot be opened: their key is gone, or they are not those that were sealed."""


class UnknownDistrictError(SubgroupsError):
    """A district was named that the registry does not hold."""


class UnknownStudentError(SubgroupsError):
    """A student was named of whom nothing is held."""


class UnknownKeyError(SubgroupsError):
    """An SSH key was named that no district, or not this one, has."""


class SecretRefusedError(SubgroupsError):
    """A text was given as a secret of a roster server that cannot be one; the message never quotes it."""


class PasswordRefusedError(SubgroupsError):
    """A password is not good enough; the message tells a clerk what to change."""


class DeadInvitationError(SubgroupsError):
    """A set-up link was used that is not live: it is used, over, replaced or was never made."""


class RehearsalError(SubgroupsError):
    """A file that was given only to be checked could not be; the message tells a clerk what to do."""


class PersonRefusedError(SubgroupsError):
    """What was said of somebody who shall sign in cannot be: their mail address, role, district or schools."""


class UnknownPersonError(SubgroupsError):
    """Somebody was named who is not on record."""


class SignInRefusedError(SubgroupsError):
    """The account of an organization does not let its owner in; the message tells them why and whom to ask."""


class LedgerError(SubgroupsError):
    """A delivery was asked to make a step that its state does not allow."""


class IntakeError(SubgroupsError):
    """Files could not be fetched."""


class WarehouseBusyError(SubgroupsError):
    """Another process holds the warehouse; the message names its pid."""


class PublishError(SubgroupsError):
    """A snapshot could not be built or did not pass its verification; readers keep the one before."""


class BuildError(SubgroupsError):
    """The dbt models could not be built; nothing was published."""


class DiskFullError(SubgroupsError):
    """The disk under the home is full, or too full to begin; what readers see and what was archived stay as they are."""


class RegistryDamagedError(SubgroupsError):
    """The registry's file cannot be read as a database."""


class RegistryLostError(SubgroupsError):
    """The home has an archive or snapshots, and its registry is empty or gone."""


class ArchiveDamagedError(SubgroupsError):
    """Archived files that are needed are missing, or are not the bytes that arrived."""


class WarehouseDamagedError(SubgroupsError):
    """A file of the warehouse was found damaged in the middle of a run; the next run makes it anew."""


class UpkeepError(SubgroupsError):
    """A place of the home cannot be cleared of what is past its time."""


class MailError(SubgroupsError):
    """A mail that is not kept."""


class MirrorError(SubgroupsError):
    """The PostgreSQL mirror could not be brought to what is shown, or asked; its readers keep what they have."""


class ExportError(SubgroupsError):
    """An export could not be read or written; what it held before still counts."""
