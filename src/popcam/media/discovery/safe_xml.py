"""XML that strangers sent: read without document types, entities or anything fetched, and bounded."""

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 64


class UnsafeXmlError(ValueError):
    """The text is no XML, or XML that only an attack needs."""


def parse_xml(raw: bytes) -> Element:
    """The root element; names are `{namespace}local`.

    Entities are what XML attacks are made of (endless expansion, foreign files); SOAP forbids document types, so one is
    refused as soon as it begins.

    Raises:
        UnsafeXmlError: too long, too deep, not well-formed, or with a document type.
    """
    if len(raw) > MAX_BYTES:
        raise UnsafeXmlError(f"more than {MAX_BYTES} bytes")
    builder = TreeBuilder()
    parser = ParserCreate(namespace_separator="}")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UnsafeXmlError(f"more than {MAX_DEPTH} levels")
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_clark(name))

    def refuse(*_: object) -> None:
        raise UnsafeXmlError("a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except (ExpatError, LookupError, ValueError) as error:
        if isinstance(error, UnsafeXmlError):
            raise
        raise UnsafeXmlError(str(error)) from error
    return builder.close()


def _clark(name: str) -> str:
    return f"{{{name}" if "}" in name else name
