"""What a file is by its first bytes, where it is certainly not CSV: a name that ends in .csv proves nothing."""

from __future__ import annotations

_ZIP = b"PK\x03\x04"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh91AY&SY", "a bzip2 file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"Rar!\x1a\x07", "a RAR file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"{\\rtf", "a Word document (.rtf)"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "a database"),
    (b"-----BEGIN PGP", "an encrypted file (PGP)"),
    (b"\x7fELF", "a program"),
)
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype", "a web page (perhaps a page to sign in)"),
    (b"<html", "a web page (perhaps a page to sign in)"),
    (b"<head", "a web page (perhaps a page to sign in)"),
    (b"<?xml", "an XML file"),
    (b'{"', "a JSON file"),
    (b'[{"', "a JSON file"),
)


def file_kind(data: bytes) -> str:
    """What the file is instead of CSV, in words; empty when it may be CSV."""
    if data.startswith(_ZIP):
        begin = data[:8192]
        return "an Excel workbook (.xlsx)" if b"xl/" in begin or b"[Content_Types].xml" in begin else "a zip file"
    for signature, words in _SIGNATURES:
        if data.startswith(signature):
            return words
    begin = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((words for signature, words in _MARKUP if begin.startswith(signature)), "")
