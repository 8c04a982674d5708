"""The texts below the fields of settings, for the schemas that people, editors and clients read.

pydantic can collect them while it builds a class. It parses the whole module anew for each class, which was half of
what importing the settings took in every start of every command. So they are collected here, when a schema is made.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any

from popcam.core.spec import STRICT


@cache
def field_docs(cls: type) -> Mapping[str, str]:
    """The text below each field of a class; of its own fields, not of those that it inherits."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class is one
    texts = {}
    for one, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(following, ast.Expr):
            value = following.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[one.target.id] = inspect.cleandoc(value.value)
    return texts


def describe_fields(schemas: Mapping[str, dict[str, Any]]) -> None:
    """Put the texts of all settings classes into their schemas.

    Args:
        schemas: JSON Schemas by the name of their class; others are left alone.
    """
    for name, cls in settings_classes().items():
        if name in schemas:
            describe(schemas[name], cls)


def describe(schema: dict[str, Any], cls: type) -> None:
    """Put the texts of one class into its schema. A description that is there stays."""
    properties = schema.get("properties", {})
    for key, text in field_docs(cls).items():
        if key in properties and "description" not in properties[key]:
            properties[key] = dict(sorted({**properties[key], "description": text}.items()))  # pydantic's own order


def settings_classes() -> dict[str, type]:
    """Every class with the strict configuration of settings that has been imported, by name."""
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "popcam"]
    named = [value for module in modules for value in list(vars(module).values()) if isinstance(value, type)]
    return {cls.__name__: cls for cls in named if vars(cls).get("__pydantic_config__") is STRICT}
