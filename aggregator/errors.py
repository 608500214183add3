"""What may go wrong, each as a finished sentence for the owner."""


class BroadsheetError(Exception):
    """Something the owner has to know; its text is a sentence that says what to do."""


class ConfigError(BroadsheetError):
    """config.toml cannot be read or says something that Broadsheet does not know."""


class StoreError(BroadsheetError):
    """The database cannot be opened, read or written."""


class StoppedError(BroadsheetError):
    """Broadsheet is to end, and what was under way is left for the next time."""


class DiskFullError(StoreError):
    """There is no room left where the database is kept."""


class FutureDatabaseError(StoreError):
    """The database was written by a newer Broadsheet than this one."""


class ParseError(BroadsheetError):
    """A document is not a feed, or hurts whoever reads it."""


class AddressError(BroadsheetError):
    """What the owner named cannot be the address of a feed."""


class FolderError(BroadsheetError):
    """What the owner asks of a folder cannot be."""


class OpmlError(BroadsheetError):
    """A subscription list cannot be read."""


class EncoderError(BroadsheetError):
    """The model cannot be loaded or does not give what it should."""


class CalibrationError(BroadsheetError):
    """The window says too little of the model, or the model too little of the window."""


class CrowdError(BroadsheetError):
    """More ask for something dear at this moment than it is worth."""


class NotFoundError(BroadsheetError):
    """The owner named something that is not there."""


class CorrectionError(BroadsheetError):
    """What the owner asks of stories makes no sense, or no sense any more."""
