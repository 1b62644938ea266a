"""Words of ACS about a recording that are kept as it says them: closed lists."""

from enum import StrEnum


class StorageType(StrEnum):
    """Where ACS wrote the files of a recording."""

    ACS = "acs"  # ACS's own storage, which keeps a file for a day
    AZURE_BLOB = "azureBlob"  # the operator's container


class RecordingKind(StrEnum):
    """Whose recording it is, as ACS says."""

    ACS = "azureCommunicationServices"
    TEAMS = "teams"
    TEAMS_COMPLIANCE = "teamsCompliance"
