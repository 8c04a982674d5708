"""Settings as YAML that could stand in the file."""

from typing import Any


def yaml_text(values: dict[str, Any]) -> str:
    """The values in block style, other scripts than Latin as they are, no line broken."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump(values, text)
    return text.getvalue().rstrip("\n")
