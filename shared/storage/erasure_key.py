"""The secret with which identifiers of erased people are hashed; `ops erasure prepare` makes it, once."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import TemporaryError


class ErasureKey:
    """Reads the secret once per process, for it never changes: another one would forget who was erased.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name.
    """

    def __init__(self, ssm: Any, parameter: str) -> None:
        self._ssm = ssm
        self._parameter = parameter
        self._secret = b""

    def hashed(self, text: str) -> str:
        """The HMAC-SHA256 of a text, in hexadecimal digits.

        Raises:
            TemporaryError: the secret can not be read. Without it nobody knows who was erased, so nothing that names
                a person may be stored meanwhile.
        """
        self._secret = self._secret or self._read()
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def _read(self) -> bytes:
        try:
            answer = self._ssm.get_parameter(Name=self._parameter, WithDecryption=True)
        except (ClientError, BotoCoreError) as error:
            missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound"
            hint = "; make it with `ops erasure prepare`" if missing else ""
            raise TemporaryError(f"The erasure key in {self._parameter} could not be read: {error}{hint}") from error
        return str(answer["Parameter"]["Value"]).encode()
