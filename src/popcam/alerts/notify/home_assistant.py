"""What Home Assistant has to know to show popcam's cameras by itself: one document per device. Pure.

Source: Home Assistant's device discovery over MQTT (release 2024.11 and later). Entities with a `device_class` and
without a name are named by Home Assistant in its user's language.
"""

import json
import re
from typing import Any, get_args

from popcam.alerts.notify.mqtt_topics import OFFLINE, ONLINE, Topics
from popcam.core.facts import EventKind
from popcam.core.language import Language, Text
from popcam.core.spec import CameraSpec

Json = dict[str, Any]
_FPS = Text("Frames per second", "每秒帧数")
_OBJECTS = Text("Objects in view", "画面中的目标")
_EVENT = Text("Event", "事件")
_PICTURE = Text("Last event", "最近事件")
_RECORDING = Text("Recording", "录像")
_FIRING = Text("Alerts firing", "触发中的告警")
_NOT_WORD = re.compile(r"[^a-zA-Z0-9_-]")
"""What Home Assistant takes in the names of its topics."""


class HomeAssistant:
    """Documents for one popcam.

    Args:
        topics: where popcam publishes.
        discovery_prefix: where Home Assistant looks.
        version: popcam's.
        language: of the names that popcam gives.
    """

    def __init__(self, topics: Topics, discovery_prefix: str, version: str, language: Language) -> None:
        self._topics = topics
        self._prefix = discovery_prefix.strip("/")
        self._version = version
        self._language = language
        self._node = _NOT_WORD.sub("_", topics.prefix)

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self._prefix}/status"

    def server_topic(self) -> str:
        """Where popcam itself is described."""
        return f"{self._prefix}/device/{self._node}/config"

    def camera_topic(self, camera_id: str) -> str:
        """Where a camera is described; empty there takes it away."""
        return f"{self._prefix}/device/{self._id(camera_id)}/config"

    def server(self) -> bytes:
        """popcam itself: whether alerts fire."""
        topic = self._topics.summary
        components = {
            "problem": _binary("problem", topic, "value_json.firing > 0"),
            "firing": {
                "platform": "sensor",
                "name": self._say(_FIRING),
                "state_topic": topic,
                "value_template": "{{ value_json.firing }}",
                "state_class": "measurement",
                "json_attributes_topic": topic,
            },
        }
        return self._document(self._node, {"name": "popcam", "model": "popcam"}, components)

    def camera(self, spec: CameraSpec) -> bytes:
        """One camera with its entities."""
        topics, camera_id = self._topics, spec.id
        state = topics.state(camera_id)
        components = {
            "online": _binary("connectivity", state, "value_json.online"),
            "motion": _binary("motion", state, "value_json.motion"),
            "recording": _binary("running", state, "value_json.recording") | {"name": self._say(_RECORDING)},
            "problem": _binary("problem", state, "value_json.fault != ''") | {"json_attributes_topic": state},
            "fps": {
                "platform": "sensor",
                "name": self._say(_FPS),
                "state_topic": state,
                "value_template": "{{ value_json.fps }}",
                "unit_of_measurement": "fps",
                "state_class": "measurement",
                "entity_category": "diagnostic",
            },
            "objects": {
                "platform": "sensor",
                "name": self._say(_OBJECTS),
                "state_topic": state,
                "value_template": "{{ value_json.objects }}",
                "state_class": "measurement",
            },
            "event": {
                "platform": "event",
                "name": self._say(_EVENT),
                "state_topic": topics.event(camera_id),
                "event_types": list(get_args(EventKind)),
            },
            "picture": {
                "platform": "image",
                "name": self._say(_PICTURE),
                "image_topic": topics.picture(camera_id),
                "content_type": "image/jpeg",
            },
        }
        device = {"name": spec.name or camera_id, "model": "popcam camera", "via_device": self._node}
        return self._document(self._id(camera_id), device, components)

    def _document(self, device_id: str, device: Json, components: Json) -> bytes:
        document = {
            "device": {"identifiers": [device_id], "manufacturer": "popcam", "sw_version": self._version, **device},
            "origin": {"name": "popcam", "sw_version": self._version},
            "availability": [
                {
                    "topic": self._topics.status,
                    "payload_available": ONLINE.decode(),
                    "payload_not_available": OFFLINE.decode(),
                }
            ],
            "qos": 1,
            "components": {
                name: {**component, "unique_id": f"{device_id}_{name}"} for name, component in components.items()
            },
        }
        return json.dumps(document, ensure_ascii=False).encode()

    def _id(self, camera_id: str) -> str:
        return f"{self._node}_{_NOT_WORD.sub('_', camera_id)}"

    def _say(self, text: Text) -> str:
        return text.in_language(self._language)


def _binary(device_class: str, topic: str, condition: str) -> Json:
    return {
        "platform": "binary_sensor",
        "device_class": device_class,
        "state_topic": topic,
        "value_template": f"{{{{ 'ON' if {condition} else 'OFF' }}}}",
    }
