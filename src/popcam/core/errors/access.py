"""Failures of who may do what, and of what proves it."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class LoginNeededError(PopcamError):
    """The request came from nobody known."""

    code = "access.login_needed"
    http_status = 401
    exit_code = 16
    title = Text("A login is needed", "需要登录")
    hint = Text("Sign in, or send an API token.", "请登录，或发送 API 令牌。")


class LoginFailedError(PopcamError):
    """Name, password or second factor are wrong. It never says which."""

    code = "access.login_failed"
    http_status = 401
    exit_code = 16
    title = Text("The login failed", "登录失败")
    hint = Text("Check name, password and code.", "请检查用户名、密码和验证码。")


class SecondFactorNeededError(PopcamError):
    """The password is right, and the account asks for a code as well."""

    code = "access.second_factor_needed"
    http_status = 401
    exit_code = 16
    title = Text("A second factor is needed", "需要第二验证因素")
    hint = Text(
        "Enter the code of your authenticator app, or a recovery code.", "请输入身份验证器应用中的验证码或恢复代码。"
    )


class PasswordWrongError(PopcamError):
    """Somebody who is signed in confirms a change with a password that is not theirs."""

    code = "access.password_wrong"
    http_status = 403
    exit_code = 16
    title = Text("The password is wrong", "密码不正确")
    hint = Text("Enter the password that you sign in with now.", "请输入您当前的登录密码。")


class CodeWrongError(PopcamError):
    """The code that is to confirm a new second factor is not the one that the app should show."""

    code = "access.code_wrong"
    http_status = 422
    exit_code = 16
    title = Text("The code is wrong", "验证码不正确")
    hint = Text(
        "Enter the code that the app shows now, and check that the clocks of phone and server are right.",
        "请输入应用当前显示的验证码，并检查手机和服务器的时间是否准确。",
    )


class IdentityProviderError(PopcamError):
    """The identity provider of OpenID Connect does not answer, or not as it should."""

    code = "access.identity_provider"
    http_status = 502
    exit_code = 4
    retryable = True
    title = Text("The identity provider can't be used", "无法使用身份提供方")
    hint = Text(
        "Check `security.oidc_issuer`, the client id and its secret, and that the server reaches the provider.",
        "请检查 `security.oidc_issuer`、客户端编号和密钥，以及服务器能否访问该身份提供方。",
    )


class AccessRefusedError(PopcamError):
    """Known, but not allowed."""

    code = "access.refused"
    http_status = 403
    exit_code = 16
    title = Text("You may not do this", "您没有此操作的权限")
    hint = Text("Ask an administrator for a role that may.", "请向管理员申请具有相应权限的角色。")


class CsrfRefusedError(PopcamError):
    """A change that a browser's session asks for did not come from the console's own pages."""

    code = "access.csrf_refused"
    http_status = 403
    exit_code = 16
    title = Text("The request did not come from this console", "请求不是来自本控制台")
    hint = Text("Reload the page and try again.", "请刷新页面后重试。")


class TooManyRequestsError(PopcamError):
    """Too many in a short time; `retry_after_s` says when it goes again."""

    code = "access.too_many_requests"
    http_status = 429
    exit_code = 16
    retryable = True
    title = Text("Too many requests", "请求过于频繁")
    hint = Text("Wait a moment, then try again.", "请稍候再试。")

    def __init__(self, detail: str = "", detail_zh: str = "", *, retry_after_s: float = 1.0) -> None:
        super().__init__(detail, detail_zh)
        self.retry_after_s = retry_after_s


class AddressBlockedError(TooManyRequestsError):
    """This address tried what only attackers try, and is shut out for a while."""

    code = "access.address_blocked"
    title = Text("Your address is blocked for a while", "您的地址已被暂时封锁")
    hint = Text(
        "Wait, or ask an administrator to remove the block on the security page.",
        "请稍候，或请管理员在安全页面解除封锁。",
    )


class BlockNotFoundError(PopcamError):
    """No address of this name is blocked."""

    code = "security.block_not_found"
    http_status = 404
    exit_code = 3
    title = Text("This address is not blocked", "此地址未被封锁")
    hint = Text("The block may have ended; see the security page.", "封锁可能已到期；请查看安全页面。")


class LockedDownError(PopcamError):
    """Incident mode is on."""

    code = "access.locked_down"
    http_status = 403
    exit_code = 16
    title = Text("popcam is locked down", "popcam 处于锁定状态")
    hint = Text(
        "An administrator started incident mode. `popcam unlock` or the security page ends it.",
        "管理员已启用事件应急模式；可用 `popcam unlock` 或在安全页面解除。",
    )


class SetupClosedError(PopcamError):
    """The set-up address is used, expired or wrong."""

    code = "access.setup_closed"
    http_status = 403
    exit_code = 16
    title = Text("This set-up address is not valid", "此设置地址无效")
    hint = Text(
        "It works once and for 30 minutes. Restart popcam for a new one, or use `popcam user add`.",
        "该地址仅可使用一次，30 分钟内有效。请重启 popcam 获取新地址，或使用 `popcam user add`。",
    )


class PasswordRefusedError(PopcamError):
    """The new password is too easy to guess."""

    code = "access.password_refused"
    http_status = 422
    exit_code = 2
    title = Text("This password is not safe enough", "密码不够安全")
    hint = Text(
        "Take at least 12 characters that are no common password and not your name.",
        "请使用至少 12 个字符，且不能是常见密码或您的用户名。",
    )


class UserNotFoundError(PopcamError):
    """No account has this id or name."""

    code = "user.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such user", "用户不存在")
    hint = Text("See `popcam user list` for the accounts.", "请用 `popcam user list` 查看帐户。")


class UserExistsError(PopcamError):
    """An account of this name is there already."""

    code = "user.exists"
    http_status = 409
    exit_code = 2
    title = Text("There is a user of this name already", "已存在同名用户")
    hint = Text("Take another name; capital letters make no difference.", "请使用其他名称（不区分大小写）。")


class LastAdminError(PopcamError):
    """Nobody would be left who may manage accounts."""

    code = "user.last_admin"
    http_status = 409
    exit_code = 2
    title = Text("This is the last administrator", "这是最后一位管理员")
    hint = Text("Make another user administrator first.", "请先将另一位用户设为管理员。")


class TokenNotFoundError(PopcamError):
    """No API token has this id."""

    code = "token.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such API token", "API 令牌不存在")
    hint = Text("It may have been revoked; see the list of tokens.", "它可能已被撤销；请查看令牌列表。")


class SessionNotFoundError(PopcamError):
    """No session has this id."""

    code = "session.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such session", "会话不存在")
    hint = Text("It may have ended already.", "它可能已经结束。")


class AuditBrokenError(PopcamError):
    """An entry of the audit log is not what was written."""

    code = "audit.broken"
    http_status = 500
    exit_code = 13
    title = Text("The audit log was changed", "审计日志已被更改")
    hint = Text(
        "Keep the database and the newest export apart, and find out who could write to it.",
        "请另行保存数据库和最近的导出文件，并查明谁能够写入。",
    )


class AuditKeyError(PopcamError):
    """The key that vouches for the audit log is missing, damaged or readable by others."""

    code = "audit.key"
    http_status = 500
    exit_code = 8
    title = Text("The key of the audit log can't be used", "无法使用审计日志的密钥")
    hint = Text(
        "Put `keys/audit.key` in the data folder back as it was, with mode 0600. "
        "Entries are written meanwhile, unsigned.",
        "请恢复数据文件夹中的 `keys/audit.key`，权限设为 0600。在此期间记录仍会写入，但没有签名。",
    )


class AuditFileError(PopcamError):
    """What shall be verified can't be read as an audit log."""

    code = "audit.file"
    http_status = 422
    exit_code = 2
    title = Text("This is no audit log that can be read", "无法作为审计日志读取")
    hint = Text(
        "Give a database of popcam, or a file that `popcam audit export` wrote.",
        "请指定 popcam 的数据库，或 `popcam audit export` 导出的文件。",
    )


class SecretKeyError(PopcamError):
    """The key that opens the stored secrets is missing, wrong or readable by others."""

    code = "secrets.key"
    http_status = 500
    exit_code = 8
    title = Text("The key of the stored secrets can't be used", "无法使用已存储机密的密钥")
    hint = Text(
        "Put the key file back as it was, or give the key by POPCAM_SECRET_KEY; without it, enter the secrets again.",
        "请恢复原来的密钥文件，或通过 POPCAM_SECRET_KEY 提供密钥；若已丢失，请重新输入各项机密。",
    )


class CertificateError(PopcamError):
    """The certificate for HTTPS can't be used."""

    code = "tls.certificate"
    http_status = 500
    exit_code = 8
    title = Text("The TLS certificate can't be used", "无法使用 TLS 证书")
    hint = Text(
        "Check the files that `server.tls` names, or set it to `auto`.",
        "请检查 `server.tls` 指定的文件，或设为 `auto`。",
    )


class ExposureRefusedError(PopcamError):
    """Without TLS, or without a login, the settings would open popcam to other machines."""

    code = "server.exposure_refused"
    http_status = 500
    exit_code = 8
    title = Text("popcam would be open to other machines", "popcam 将对其他设备开放")
    hint = Text(
        "Set `server.tls: auto`, or listen on 127.0.0.1, or allow it with `server.allow_plain_http: true`.",
        "请设置 `server.tls: auto`，或仅监听 127.0.0.1，或用 `server.allow_plain_http: true` 明确允许。",
    )
