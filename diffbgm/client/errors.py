"""What a client raises of its own."""

from diffbgm.errors import DiffBGMError


class ServerUnreachableError(DiffBGMError):
    """Nothing, or no diffbgm server, answers at the address."""

    code = "server_unreachable"


class ServerRefusedError(DiffBGMError):
    """An answer that is an error; `code` and message are the server's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class JobFailedError(DiffBGMError):
    """What was asked for failed or was cancelled; `code` and message are the job's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
