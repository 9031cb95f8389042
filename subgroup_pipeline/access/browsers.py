"""Browsers in words: what a person recognises of the long text that a browser says of itself."""

from __future__ import annotations

_NAMES = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
"""In this order: Edge also says that it is Chrome, and Chrome that it is Safari."""
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def browser_in_words(user_agent: str) -> str:
    """For example `Firefox on Windows`. The text comes from outside and is only compared, never shown as it is."""
    name = next((words for mark, words in _NAMES.items() if mark in user_agent), "Another program")
    system = next((words for mark, words in _SYSTEMS.items() if mark in user_agent), "")
    return f"{name} on {system}" if system else name
