"""The login of the demo: a random password at each start, told on the console alone."""

import ipaddress
import secrets
import sys
from typing import TYPE_CHECKING

from popcam.cli.say import err, out, say
from popcam.core.access import AuditNote, Principal
from popcam.core.errors import PopcamError

if TYPE_CHECKING:
    from popcam.config import Settings
    from popcam.security.service import Security

NAME = "demo"


def has_demo_login(settings: "Settings") -> bool:
    """Whether the demo makes a login: where one is asked for, and nobody but this machine can come.

    A demo that other machines reach prints the set-up address, as every server does.
    """
    return settings.security.login and _only_here(settings.server.host)


async def make_demo_login(security: "Security") -> None:
    """Make an administrator `demo`, or give it a new password, and print both.

    While the server runs already: the first picture does not wait for it.
    """
    password = secrets.token_urlsafe(12)
    try:
        user = await security.users.by_name(NAME)
        if user is None:
            user = await security.users.create(NAME, password, "admin")
        else:
            await security.users.set_password(user.user_id, password)
    except PopcamError as error:
        err(say(f"There is no demo login: {error}", f"无法创建演示登录：{error.message('zh')}"))
        return
    who = Principal(via="shell", role="admin", name="shell")
    security.audit.note(AuditNote("user.demo", "ok", who, f"user:{user.user_id}"))
    out(say(f"Demo login: {NAME} / {password}", f"演示登录：{NAME} / {password}"))
    sys.stdout.flush()


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
