"""Somebody who guesses passwords, as a process of its own: so many sign-ins with wrong ones, many at a time, from one address."""

from __future__ import annotations

import asyncio
import sys

import asyncssh

AT_A_TIME = 50


async def attack(port: int, address: str, accounts: list[str]) -> None:
    """One connection with one guess for each account, which may be the same again and again."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def guess(number: int, account: str) -> None:
        async with gate:
            try:
                connection = await asyncssh.connect(
                    "127.0.0.1", port, username=account, password=f"guess number {number}", client_keys=None, known_hosts=None,
                    config=None, agent_path=None, local_addr=(address, 0), login_timeout=60,
                )  # fmt: skip
            except (OSError, asyncssh.Error):
                return
            connection.abort()
            raise SystemExit("a guess was right")

    await asyncio.gather(*(guess(number, account) for number, account in enumerate(accounts)))


if __name__ == "__main__":
    asyncio.run(attack(int(sys.argv[1]), sys.argv[2], sys.argv[3].split(",")))
