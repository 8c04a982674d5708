"""`popcam demo`: the server with built-in pictures, to see it work without any camera."""

from popcam.cli.options import HostOption, PortOption, SetOption, overrides
from popcam.cli.say import say
from popcam.core.plain_structlog import import_structlog

HELP = say(
    "Run the server with built-in pictures: nothing to set up, no camera needed.",
    "使用内置画面运行服务器：无需配置，也无需摄像头。",
)


def demo(host: HostOption = None, port: PortOption = None, set_: SetOption = None) -> None:
    """Run the demo in the foreground.

    Raises:
        PortInUseError: another program has the port.
    """
    run_demo(overrides(set_, server__host=host, server__port=port))


def run_demo(flags: dict[str, object]) -> None:
    """Serve the demo cameras with these flags on top."""
    import_structlog()
    from popcam.cli.demo_login import has_demo_login, make_demo_login
    from popcam.config.demo import demo_settings
    from popcam.server.run import serve

    settings = demo_settings(flags)
    serve(settings, welcome=make_demo_login if has_demo_login(settings) else None)
