"""Sending what is due over SMTP: one connection for a batch, each mail marked before it goes and after it went.

A mail goes twice only when this process dies, or the connection breaks, between the server's 250 and the commit that notes it;
its Message-ID is then the same. RFC 5321, section 6.1, knows no way to close that gap.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiosmtplib

from subgroup_pipeline.notify import outgoing
from subgroup_pipeline.notify.message import as_message
from subgroup_pipeline.notify.written import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Mail
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.smtp_url import SmtpServer

BATCH = 50
ANSWER_SECONDS = 30.0
"""How long one answer of the server may take (RFC 5321 allows minutes; a mail that waits is tried again)."""
MAIL_SECONDS = 120.0
"""How long one mail may take in all: well below the lease."""
_log = logging.getLogger(__name__)


def now_utc() -> datetime:
    """The time that retries go by."""
    return datetime.now(UTC)


class Sender:
    """Sends the mail of one installation. Two of them may run side by side: a mail is claimed before it goes."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        *,
        clock: Callable[[], datetime] = now_utc,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._clock = clock
        self._answer_seconds = answer_seconds

    async def send_due(self, stop: asyncio.Event | None = None) -> int:
        """Send up to a batch of what is due; gives how many the server took. Ends between two mails when `stop` is set.

        Without a server, or an address to send from, nothing is touched.
        """
        server = self._settings.smtp_server
        if server is None or not self._settings.sender_address:
            return 0
        due = await asyncio.to_thread(outgoing.due_mail, self._registry, self._clock(), BATCH)
        if not due:
            return 0
        sent = 0
        try:
            async with connected(server, self._answer_seconds) as smtp:
                for mail_id in due:
                    if (stop is not None and stop.is_set()) or not smtp.is_connected:
                        break
                    sent += await self._send(smtp, mail_id)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            why = f"{server.host} port {server.port}: {in_words(error)}"
            waiting = await asyncio.to_thread(outgoing.postpone_due, self._registry, self._clock(), why)
            _log.warning("%d mails wait: %s", waiting, why)
        return sent

    async def _send(self, smtp: aiosmtplib.SMTP, mail_id: int) -> bool:
        """Try one mail; whatever becomes of it is noted."""
        mail = await asyncio.to_thread(outgoing.claim, self._registry, mail_id, self._clock())
        if mail is None:
            return False
        try:
            await asyncio.wait_for(smtp.send_message(as_message(mail, self._settings)), MAIL_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever one mail raises, the others still go
            await self._note_failed(mail, error)
            await _begin_anew(smtp)
            return False
        await asyncio.to_thread(outgoing.note_sent, self._registry, mail_id, self._clock())
        return True

    async def _note_failed(self, mail: Mail, error: Exception) -> None:
        why = in_words(error)
        if _is_final(error):
            await asyncio.to_thread(outgoing.note_refused, self._registry, mail.mail_id, why)
        else:
            await asyncio.to_thread(outgoing.postpone, self._registry, mail.mail_id, self._clock(), why)
        _log.warning("mail %d did not go out: %s", mail.mail_id, why)


@asynccontextmanager
async def connected(server: SmtpServer, seconds: float = ANSWER_SECONDS) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection to the server, signed in where it has a user. The certificate is held against the CAs of this machine.

    Raises aiosmtplib.SMTPException, OSError or TimeoutError.
    """
    smtp = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        timeout=seconds,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=None if server.security == "none" else ssl.create_default_context(),
    )
    await smtp.connect()
    try:
        yield smtp
    finally:
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await smtp.quit(timeout=2)
        smtp.close()


async def _begin_anew(smtp: aiosmtplib.SMTP) -> None:
    """Take back a half-sent mail; a connection that does not answer is closed, which ends the batch."""
    try:
        await smtp.rset()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        smtp.close()


def _is_final(error: Exception) -> bool:
    """Whether trying again is no use: the server refused the recipient or the mail for good, or it cannot be written down."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            return all(one.code >= 500 for one in refused)
        case aiosmtplib.SMTPDataError(code=code):
            return code >= 500
        case _:
            return isinstance(error, ValueError | aiosmtplib.SMTPNotSupported)


def in_words(error: BaseException) -> str:
    """Why a mail did not go out, in one line. What a server says to a sign-in is left out: it may repeat the password."""
    cause = error.__cause__ or error
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code):
            words = f"the server refused the user or the password of SUBGROUPS_SMTP_URL ({code})."
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            words = f"the server refused the recipient ({first.code} {first.message})."
        case aiosmtplib.SMTPSenderRefused(code=code, message=message):
            words = f"the server refused the sender, SUBGROUPS_MAIL_FROM ({code} {message})."
        case aiosmtplib.SMTPResponseException(code=code, message=message):
            words = f"the server said ({code} {message})."
        case TimeoutError():
            words = "the server did not answer in time."
        case aiosmtplib.SMTPServerDisconnected():
            words = "the server closed the connection."
        case _ if isinstance(cause, ssl.SSLCertVerificationError):
            words = f"the server's certificate is not trusted ({cause.verify_message}). SSL_CERT_FILE names a CA of your own."
        case _:
            words = f"it cannot be reached or used ({cause})."
    return one_line(words)[:300]
