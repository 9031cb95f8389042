"""`python -m subgroup_pipeline.noticeboard FOLDER`: serve what lies in a folder at the folder's own door, until it is stopped."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import uvicorn

from subgroup_pipeline.noticeboard.board import Board
from subgroup_pipeline.noticeboard.pages import noticeboard_app
from subgroup_pipeline.posted import DOOR, SOCKET


def serve(folder: Path) -> None:
    """Answer at `FOLDER/door/socket`. Its group may ask and nobody else. Raises OSError where the door cannot be opened."""
    door = folder / DOOR
    door.mkdir(mode=0o770, exist_ok=True)
    os.chdir(door)  # the path of a socket has room for 107 bytes, so it is opened by its name alone
    Path(SOCKET).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(SOCKET)
        Path(SOCKET).chmod(0o660)
        listening.listen(64)
        config = uvicorn.Config(
            noticeboard_app(Board(folder)), log_config=None, access_log=False, server_header=False, lifespan="off", ws="none",
            limit_concurrency=100, timeout_graceful_shutdown=1,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(Path(sys.argv[1]).absolute())
