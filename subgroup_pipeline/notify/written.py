"""A mail's words: subject, text and HTML, made from one template for each kind, so that both forms say the same.

A template's first line is the subject. After it come paragraphs with a blank line between them: one that is an address alone
becomes a link, and lines that begin with `- ` become a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.local_time import local_time

if TYPE_CHECKING:
    from jinja2 import Environment

_LINK = re.compile(r"https?://\S+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class WrittenMail:
    """What a mail says. The subject is one line."""

    subject: str
    text: str
    html: str


def write_mail(kind: str, **values: Any) -> WrittenMail:  # noqa: ANN401 - a template's values
    """Put values into the words of a kind. Raises jinja2.UndefinedError when one that the template asks for is missing.

    A value cannot begin a line of its own, so a name with line breaks adds neither a header nor a paragraph.
    """
    subject, _, body = _environment().get_template(f"{kind}.txt.j2").render(**values).strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", body.strip())]
    html = _environment().get_template("frame.html.j2").render(subject=subject, paragraphs=[_form(each) for each in paragraphs])
    return WrittenMail(one_line(subject), "\n\n".join(paragraphs) + "\n", html)


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, fit for a header (RFC 5322, section 2.2)."""
    return _CONTROL.sub(" ", text).strip()


def _form(paragraph: str) -> tuple[str, Any]:
    """A paragraph with what it is: a link, a list of lines, or text."""
    if _LINK.fullmatch(paragraph):
        return "link", paragraph
    lines = paragraph.split("\n")
    if all(line.startswith("- ") for line in lines):
        return "list", [line.removeprefix("- ") for line in lines]
    return "text", " ".join(lines)


def _shown(value: object) -> object:
    return _CONTROL.sub(" ", value) if isinstance(value, str) else value


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=PackageLoader("subgroup_pipeline.notify", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        finalize=_shown,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["local_time"] = local_time
    return made
