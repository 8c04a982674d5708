"""The `popcam` command: puts the subcommands together and turns our errors into text and exit status."""

import sys

import typer

from popcam.cli import (
    alert,
    audit,
    camera,
    check_architecture,
    config,
    demo,
    diagnostics,
    doctor,
    job,
    lockdown,
    logs,
    metrics,
    models,
    profile,
    secrets,
    serve,
    user,
    version,
)
from popcam.cli.say import INTERRUPTED, print_any_text, say, tell_error
from popcam.core.errors import PopcamError

app = typer.Typer(
    name="popcam",
    help=say(
        "Self-hosted live AI video: find, follow and hide faces; watch, record and restream.",
        "自托管实时 AI 视频：发现、跟踪和遮挡人脸，观看、录制和转推。",
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback with local variables would print passwords.
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("serve", help=serve.HELP)(serve.serve)
app.command("demo", help=demo.HELP)(demo.demo)
app.add_typer(config.app, name="config")
app.add_typer(camera.app, name="camera")
app.add_typer(job.app, name="job")
app.add_typer(alert.app, name="alert")
app.add_typer(audit.app, name="audit")
app.add_typer(secrets.app, name="secrets")
app.add_typer(user.app, name="user")
app.command("profile", help=profile.HELP)(profile.profile)
app.command("models", help=models.HELP)(models.models)
app.command("doctor", help=doctor.HELP)(doctor.doctor)
app.command("diagnostics", help=diagnostics.HELP)(diagnostics.diagnostics)
app.command("metrics", help=metrics.HELP)(metrics.metrics)
app.command("logs", help=logs.HELP)(logs.logs)
app.command("lockdown", help=lockdown.LOCKDOWN_HELP)(lockdown.lockdown)
app.command("unlock", help=lockdown.UNLOCK_HELP)(lockdown.unlock)
app.command("unblock", help=lockdown.UNBLOCK_HELP)(lockdown.unblock)
app.command("version", help=version.HELP)(version.version)
app.command("check-architecture", help=check_architecture.HELP)(check_architecture.check_architecture)


def main() -> None:
    """Run the command line and end the process with its status. See docs/reference/errors.md for the numbers."""
    print_any_text()
    try:
        app()
    except PopcamError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader, `head` for example, has seen enough. Python would complain once more at its end.
        sys.stdout = sys.stderr
        sys.exit(0)
