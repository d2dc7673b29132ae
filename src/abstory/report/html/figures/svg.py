"""Elements of SVG as text: escaped, titled, placed by per cents."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Attribute = str | float | None


def tag(name: str, *inside: str | Markup, **attributes: Attribute) -> Markup:
    """One element: text inside is escaped, `_` in a name is `-`, an attribute that is None is left out.

    Numbers are per cents of the drawing's width or height.
    """
    told = "".join(f' {_name(key)}="{escape(_value(value))}"' for key, value in attributes.items() if value is not None)
    body = Markup("").join(inside)
    return Markup(f"<{name}{told}>{body}</{name}>" if body else f"<{name}{told}/>")  # noqa: S704 both are escaped


def drawing(title: str, desc: str, shapes: Iterable[Markup], **attributes: Attribute) -> Markup:
    """A whole drawing, which a reader who cannot see it hears as its title and its description."""
    about = [tag("title", title), *([tag("desc", desc)] if desc else [])]
    return tag("svg", *about, *shapes, role="img", **attributes)


def stretched(*shapes: Markup) -> Markup:
    """Shapes on a plane of 100 by 100 drawn out over the whole drawing: for lines and areas, never for text."""
    return tag("svg", *shapes, viewBox="0 0 100 100", preserveAspectRatio="none", width=100.0, height=100.0)


def number(value: float) -> str:
    """A coordinate: two decimals at most, no more than it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: Attribute) -> str:
    return f"{number(value)}%" if isinstance(value, float) else str(value)
