"""Rules that are there from the start. Each may be changed or switched off; `DELETE` brings it back as it is here."""

from collections.abc import Mapping
from dataclasses import replace

from popcam.core.alerts import AlertRuleSpec, ConditionSpec, RecoverySpec
from popcam.core.language import Language, Text

ALL_CHANNELS = "*"
"""Stands for every channel that there is, also for those that are made later."""
CAMERA_OFFLINE = "camera-offline"
MEGABYTE = 1e6

NAMES: Mapping[str, Text] = {
    CAMERA_OFFLINE: Text("Camera offline", "摄像头离线"),
    "camera-frozen": Text("Camera picture frozen", "摄像头画面冻结"),
    "camera-dark": Text("Camera dark or covered", "摄像头画面全黑或被遮挡"),
    "camera-slow": Text("Camera slow", "摄像头帧率过低"),
    "camera-device": Text("Camera device not accessible", "无法访问摄像头设备"),
    "camera-outputs": Text("Recording or restream fails", "录像或转推失败"),
    "worker-restarting": Text("Worker keeps restarting", "工作进程反复重启"),
    "disk-nearly-full": Text("Disk nearly full", "磁盘空间不足"),
    "certificate-expiring": Text("Certificate expires soon", "证书即将过期"),
    "error-rate": Text("Server answers with errors", "服务器错误率过高"),
    "memory-growing": Text("Memory keeps growing", "内存持续增长"),
    "uncovered-frames": Text("Faces were shown uncovered", "有人脸未被遮挡"),
}


def builtin_rules() -> dict[str, AlertRuleSpec]:
    """All of them by id. The bounds of checks are in the settings (`monitoring`)."""
    rules = {
        CAMERA_OFFLINE: AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.frames"),
            for_s=5.0,
            keep_firing_for_s=5.0,
            severity="critical",
            no_data="ok",
            recovery=(RecoverySpec(action="restart_camera", after_s=60.0, backoff_s=60.0),),
        ),
        "camera-frozen": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.frozen"),
            severity="critical",
            no_data="ok",
            recovery=(RecoverySpec(action="restart_stream", backoff_s=30.0),),
        ),
        "camera-dark": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.dark"),
            for_s=20.0,
            keep_firing_for_s=10.0,
            no_data="ok",
        ),
        "camera-slow": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.fps"),
            for_s=30.0,
            keep_firing_for_s=30.0,
            no_data="ok",
        ),
        "camera-device": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.device"),
            keep_firing_for_s=5.0,
            severity="critical",
            no_data="ok",
        ),
        "camera-outputs": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="camera.outputs"),
            for_s=10.0,
            keep_firing_for_s=10.0,
            no_data="ok",
        ),
        "worker-restarting": AlertRuleSpec(
            name="",
            condition=ConditionSpec(
                metric="popcam_workers_lost_total",
                aggregate="increase",
                window_s=600.0,
                compare=">=",
                threshold=2.0,
            ),
            severity="critical",
            no_data="ok",
        ),
        "disk-nearly-full": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="disk.space", warnings=True),
            for_s=5.0,  # two looks: recordings and the database have no longer than that where something runs wild
            keep_firing_for_s=30.0,
            severity="critical",
            no_data="ok",
        ),
        "certificate-expiring": AlertRuleSpec(
            name="",
            condition=ConditionSpec(kind="check", check="certificate.days", warnings=True),
            no_data="ok",
        ),
        "error-rate": AlertRuleSpec(
            name="",
            condition=ConditionSpec(
                metric="popcam_http_errors_ratio",
                aggregate="mean",
                window_s=120.0,
                compare=">",
                threshold=0.1,
                clear_threshold=0.05,
            ),
            for_s=60.0,
            keep_firing_for_s=60.0,
            no_data="ok",
        ),
        "memory-growing": AlertRuleSpec(
            name="",
            condition=ConditionSpec(
                metric="popcam_process_rss_slope_bytes_per_hour",
                aggregate="min",
                window_s=1800.0,
                compare=">",
                threshold=50 * MEGABYTE,
                clear_threshold=20 * MEGABYTE,
            ),
            for_s=3600.0,
            keep_firing_for_s=600.0,
            no_data="ok",
        ),
        "uncovered-frames": AlertRuleSpec(
            name="",
            condition=ConditionSpec(
                metric="popcam_camera_uncovered_frames_total",
                aggregate="increase",
                window_s=60.0,
                compare=">",
                threshold=0.0,
            ),
            keep_firing_for_s=60.0,
            severity="critical",
            no_data="ok",
        ),
    }
    return {rule_id: replace(spec, name=NAMES[rule_id].en, channels=(ALL_CHANNELS,)) for rule_id, spec in rules.items()}


def told_name(rule_id: str, name: str, language: Language) -> str:
    """What people call a rule: a built-in one in their language, unless somebody gave it another name."""
    known = NAMES.get(rule_id)
    return known.in_language(language) if known is not None and name == known.en else name
