from popcam.config.demo import demo_settings


def test_demo_hides_faces_on_one_camera_and_follows_them_on_the_other() -> None:
    cameras = demo_settings({}, {}).cameras
    assert [(camera.source.url, camera.act.kind) for camera in cameras.values()] == [
        ("demo:", "hide"),
        ("demo:", "boxes"),
    ]


def test_demos_on_two_ports_share_no_folder() -> None:
    one, two = demo_settings({"server.port": 1}, {}), demo_settings({"server.port": 2}, {})
    assert not {one.data_dir, one.runtime_dir, one.log_dir} & {two.data_dir, two.runtime_dir, two.log_dir}


def test_flags_win_over_the_demo() -> None:
    assert demo_settings({"data_dir": "/elsewhere"}, {}).data_dir.as_posix() == "/elsewhere"
