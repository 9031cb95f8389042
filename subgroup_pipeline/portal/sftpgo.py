"""What SFTPGo asks, where it stands in place of our SFTP server: who may sign in (`external_auth_hook`), and what was uploaded.

Requests and answers are those of SFTPGo's documentation ("External Authentication", "Custom Actions"). They come from this
machine only, and carry `SUBGROUPS_SFTPGO_SECRET` in a header; without that setting there is nothing here. Tries are limited and
noted as on our own server.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, TypeVar

import asyncssh
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subgroup_pipeline.access.known_places import known_places
from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.access.passwords import prepare_password
from subgroup_pipeline.districts.district_keys import account_keys
from subgroup_pipeline.dropserver.accounts import Accounts, is_account
from subgroup_pipeline.dropserver.audit_trail import printable
from subgroup_pipeline.dropserver.host_keys import ensure_keys
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.dropserver.sign_in_limits import SignInLimits
from subgroup_pipeline.dropserver.sign_in_tries import Credentials, SignInTries
from subgroup_pipeline.errors import PasswordRefusedError
from subgroup_pipeline.portal.shield import require_local
from subgroup_pipeline.settings import SERVICE_ACCOUNT

if TYPE_CHECKING:
    from starlette.requests import Request

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SECRET_HEADER = "x-subgroups-secret"  # noqa: S105 - the header's name
MOST_BYTES = 64 * 1024
NOBODY = {"username": ""}
"""SFTPGo takes a user without a name for a refusal."""
_DROP = ["list", "upload", "overwrite", "delete", "rename"]
_OF_DISTRICT = {
    "/": ["list"], "/inbox": ["list"], "/inbox/roster": _DROP, "/inbox/subgroups": _DROP, "/check": _DROP,
    "/outbox": ["list", "download"],
}  # fmt: skip
_UPLOADED = 1
"""SFTPGo's status of an action without an error."""
_SERVER = {"server": "sftpgo"}
Form = TypeVar("Form", bound=BaseModel)


class AskedSignIn(BaseModel):
    """The body of `external_auth_hook`; what else stands in it is not read."""

    username: str = Field(max_length=1000)
    ip: str = ""
    protocol: str = ""
    password: str = Field("", max_length=4096)
    public_key: str = ""


class Uploaded(BaseModel):
    """The body of the hook for actions; sizes in bytes."""

    action: str
    username: str
    virtual_path: str = ""
    file_size: int = 0
    status: int = 0


def sftpgo_routes(settings: Settings, registry: Registry) -> list[Route]:
    """The two addresses that SFTPGo is told; none where no secret is set."""
    if not settings.sftpgo_secret.get_secret_value():
        return []
    hooks = _Hooks(settings, registry)
    return [
        Route("/hooks/sftpgo/auth", hooks.auth, methods=["POST"]),
        Route("/hooks/sftpgo/action", hooks.action, methods=["POST"]),
    ]


class _Hooks:
    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        accounts = Accounts(lambda account: account_keys(registry, account), PasswordChecker(registry))
        limits = SignInLimits(known_places(registry))
        self._credentials = Credentials(accounts, ensure_keys(settings.paths.keys).pipeline_public_key, limits)

    async def auth(self, request: Request) -> Response:
        """Whether somebody may sign in, and what they then may do."""
        asked = await self._read(request, AskedSignIn)
        tries = SignInTries(self._credentials, asked.ip)
        is_in = asked.protocol == "SSH" and await _proves(tries, asked)
        known_form = is_account(asked.username)
        detail = {"peer": printable(asked.ip), **_SERVER}
        if is_in and tries.proof:
            # SFTPGo asks about a key before its owner has signed anything with it; what is noted must not claim more.
            detail |= tries.proof.detail | ({"signature": "left to sftpgo"} if tries.proof.key else {})
            await run_in_threadpool(make_home, self._settings.paths.sftp, asked.username)
        else:
            detail |= tries.detail | ({} if known_form else {"name": printable(asked.username[:64])})
        kind = "sftp.login" if is_in else "sftp.login_refused"
        actor = asked.username if known_form else "-"
        await run_in_threadpool(self._registry.audit, kind, actor=actor, detail=detail)
        return JSONResponse(self._user(asked.username) if is_in else NOBODY)

    async def action(self, request: Request) -> Response:
        """Note an upload as our own server does; other actions are nothing to us."""
        done = await self._read(request, Uploaded)
        if done.action == "upload" and is_account(done.username):
            is_whole = str(done.status == _UPLOADED).lower()
            detail = {"path": printable(done.virtual_path), "bytes": str(done.file_size), "clean_close": is_whole, **_SERVER}
            await run_in_threadpool(self._registry.audit, "sftp.upload", actor=done.username, detail=detail)
        return Response()

    async def _read(self, request: Request, form: type[Form]) -> Form:
        """The body of a request that may be made. Raises HTTPException: 404 for strangers, 413 and 400 for what is no request."""
        require_local(request)
        sent = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(sent, self._settings.sftpgo_secret.get_secret_value().encode()):
            raise HTTPException(404)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise HTTPException(413)
        try:
            return form.model_validate_json(await request.body())
        except ValidationError:
            raise HTTPException(400) from None

    def _user(self, account: str) -> dict[str, Any]:
        """SFTPGo's user: its folder, and that nothing can be read back from an inbox."""
        is_ours = account == SERVICE_ACCOUNT
        root = self._settings.paths.sftp
        return {
            "status": 1,
            "username": account,
            "home_dir": str(root if is_ours else root / account),
            "permissions": {"/": ["*"]} if is_ours else _OF_DISTRICT,
            "max_sessions": 10,
            "filters": {"denied_protocols": ["FTP", "DAV", "HTTP"]},
        }


async def _proves(tries: SignInTries, asked: AskedSignIn) -> bool:
    if asked.public_key:
        try:
            key = asyncssh.import_public_key(asked.public_key)
        except (asyncssh.KeyImportError, ValueError, OverflowError):
            return False
        return await tries.key(asked.username, key)
    try:
        prepared = prepare_password(asked.password)
    except PasswordRefusedError:
        return False
    return bool(prepared) and await tries.password(asked.username, prepared)
