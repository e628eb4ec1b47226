"""SNS itself, asked over HTTPS."""

import asyncio

import httpx

from .sns_trust import SnsRefused, SnsUnavailable

TIMEOUT_SECONDS = 5.0
"""For the whole of one question; SNS gives an answer of ours up after 15."""
MAX_ANSWER_BYTES = 64 * 1024
"""A certificate has two kilobytes."""


class SnsOverHttps:
    """Asks SNS without following redirects, so that an address that was checked is the one that answers."""

    async def certificate(self, url: str) -> bytes:
        """See the Sns protocol."""
        return await self._get(url)

    async def confirm(self, url: str) -> None:
        """See the Sns protocol."""
        await self._get(url)

    async def _get(self, url: str) -> bytes:
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                httpx.AsyncClient() as client,
                client.stream("GET", url) as answer,
            ):
                if answer.status_code == 429 or answer.is_server_error:
                    raise SnsUnavailable(f"SNS answered {answer.status_code}")
                if answer.status_code != 200:
                    raise SnsRefused(f"it answered {answer.status_code}")
                return await _limited(answer)
        except (httpx.HTTPError, TimeoutError) as error:
            raise SnsUnavailable(f"SNS could not be asked: {type(error).__name__}") from error


async def _limited(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise SnsRefused(f"it answered with more than {MAX_ANSWER_BYTES} bytes")
    return body
