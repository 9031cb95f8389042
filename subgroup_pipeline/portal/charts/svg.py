"""SVG as text: elements whose attributes are escaped. What a mark looks like is said by its class in reports.css."""

from __future__ import annotations

from markupsafe import Markup, escape


def element(name: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """An element. A trailing `_` of an attribute's name is dropped and others become `-`: `class_`, `aria_hidden`."""
    said = "".join(f' {_name(key)}="{escape(_text(value))}"' for key, value in attributes.items())
    inside = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>")  # noqa: S704 - escaped above


def drawing(width: float, height: float, *children: Markup, kind: str) -> Markup:
    """A drawing beside its number, which assistive technology therefore passes over."""
    return element(
        "svg", *children, class_=f"chart {kind}", viewBox=f"0 0 {_text(width)} {_text(height)}", width=width, height=height,
        aria_hidden="true", focusable="false",
    )  # fmt: skip


def _name(key: str) -> str:
    return "viewBox" if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
