# SPDX-License-Identifier: Apache-2.0
"""What zoa raises. One class for each code of the library, all below Error."""


class Error(Exception):
    """Everything that a caller can do wrong, or a file can bring; the text says where, what was
    found, what was expected."""


class InvalidArgument(Error, ValueError):
    """A call or an option is wrong."""


class BadFile(Error, ValueError):
    """A file is damaged or not what its name says."""


class UnsupportedModel(Error):
    """The file is sound, but zoa does not handle this network."""


class StateMismatch(Error):
    """A state or statistics file belongs to another model or method."""


class LimitExceeded(Error):
    """A reader's limit (bytes, pixels, nodes) was passed."""


class IoError(Error, OSError):
    """The operating system refused: missing, unreadable, full disk."""


class InternalError(Error, RuntimeError):
    """A bug of ours."""
