"""Names of files that programs leave beside a district's own: they are no part of an upload, and nobody means to send them."""

from __future__ import annotations

import re

_LITTER = re.compile(
    r"(^|/)("
    r"__MACOSX(/|$)|\._[^/]*$|\.DS_Store$|\.(Spotlight-V100|Trashes|fseventsd|AppleDouble)(/|$)|Icon\r$"  # macOS
    r"|(eh)?thumbs(_vista)?\.db(:encryptable)?$|desktop\.ini$|\$RECYCLE\.BIN(/|$)|System Volume Information(/|$)"  # Windows
    r"|~\$[^/]*$|\.~lock\.[^/]*#$"  # an open document: Microsoft Office, LibreOffice
    r"|@eaDir(/|$)|\.(directory|gitkeep|gitignore|nfs[0-9a-f]+)$"  # network storage, KDE, git
    r")",
    re.IGNORECASE,
)


def is_litter(path: str) -> bool:
    """Whether a file, by its path with `/` or backslashes, was left there by a program and by no person."""
    return bool(_LITTER.search(path.replace("\\", "/")))
