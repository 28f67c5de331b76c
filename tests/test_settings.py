"""The environment, read once."""

import dataclasses

import pytest

from service.settings import Settings, WrongSettings, strangers, variable_of, variables

SECRET = "s" * 32


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environ({}) == Settings()
    assert Settings.from_environ({"MILEPOST_ROLE": "", "MILEPOST_CLOCK": "  "}) == Settings()


def test_every_variable_is_read_into_its_field() -> None:
    told = {
        "MILEPOST_DATABASE_URL": "postgresql://u:p@h/d",
        "MILEPOST_SECRET": SECRET,
        "MILEPOST_ADMIN_KEY": "mpk_" + "k" * 43,
        "MILEPOST_PUBLIC_URL": "https://localhost:8443/",
        "MILEPOST_PUBLIC_READ": "true",
        "MILEPOST_CLOCK": "2024-10-01T08:00@60",
        "MILEPOST_TIMEZONE": "Asia/Urumqi",
        "MILEPOST_ALLOW_NETWORKS": "10.0.0.0/8, fd00::/8",
        "MILEPOST_TRUSTED_PROXIES": "127.0.0.1",
        "MILEPOST_ROLE": "worker",
        "MILEPOST_LOG_LEVEL": "DEBUG",
        "MILEPOST_LOG_FORMAT": "text",
        "MILEPOST_FAILPOINTS": "a.b=kill,c=stop@3",
    }
    settings = Settings.from_environ(told)
    assert set(told) == set(variables())
    unread = [
        field.name
        for field in dataclasses.fields(Settings)
        if getattr(settings, field.name) == getattr(Settings(), field.name)
    ]
    assert unread == []
    assert settings.public_url == "https://localhost:8443"
    assert [str(network) for network in settings.allow_networks] == ["10.0.0.0/8", "fd00::/8"]
    assert settings.log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("MILEPOST_DATABASE_URL", "mysql://h/d"),
        ("MILEPOST_FAILPOINTS", "a.b=explode"),
        ("MILEPOST_FAILPOINTS", "a.b=kill@0"),
        ("MILEPOST_DATABASE_URL", "not an address"),
        ("MILEPOST_SECRET", "short"),
        ("MILEPOST_ADMIN_KEY", "hunter2"),
        ("MILEPOST_PUBLIC_URL", "milepost.example"),
        ("MILEPOST_PUBLIC_URL", "https://user:password@milepost.example"),
        ("MILEPOST_PUBLIC_URL", "https://[half"),
        ("MILEPOST_PUBLIC_READ", "perhaps"),
        ("MILEPOST_CLOCK", "yesterday"),
        ("MILEPOST_CLOCK", "2024-10-01T08:00@-1"),
        ("MILEPOST_TIMEZONE", "Mars/Olympus"),
        ("MILEPOST_TIMEZONE", "../etc/passwd"),
        ("MILEPOST_ALLOW_NETWORKS", "10.0.0.0/33"),
        ("MILEPOST_ALLOW_NETWORKS", "10.0.0.1/8"),
        ("MILEPOST_TRUSTED_PROXIES", "proxy.example"),
        ("MILEPOST_ROLE", "boss"),
        ("MILEPOST_LOG_LEVEL", "loud"),
        ("MILEPOST_LOG_FORMAT", "xml"),
    ),
)
def test_a_wrong_value_gets_one_sentence_that_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        Settings.from_environ({name: value, "MILEPOST_SECRET": SECRET} | {name: value})
    (sentence,) = caught.value.sentences
    assert sentence.startswith(f"{name}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(WrongSettings) as caught:
        Settings.from_environ({"MILEPOST_ROLE": "boss", "MILEPOST_CLOCK": "soon", "MILEPOST_SECRET": SECRET})
    assert [sentence.partition(":")[0] for sentence in caught.value.sentences] == ["MILEPOST_CLOCK", "MILEPOST_ROLE"]


def test_postgresql_needs_a_secret_that_all_processes_share() -> None:
    with pytest.raises(WrongSettings, match="MILEPOST_SECRET"):
        Settings.from_environ({"MILEPOST_DATABASE_URL": "postgresql://h/d"})
    assert Settings.from_environ({"MILEPOST_DATABASE_URL": "sqlite:///x.db"}).secret is None


def test_a_slip_of_the_pen_is_named_with_what_was_meant() -> None:
    assert strangers({"MILEPOST_SECRTE": "x", "MILEPOST_ROLE": "all", "PATH": "y"}) == [
        "MILEPOST_SECRTE is not a setting; did you mean MILEPOST_SECRET?"
    ]
    assert strangers({"MILEPOST_PORT": "8080"}) == []


def test_settings_never_show_what_is_secret_in_them() -> None:
    secrets = {"MILEPOST_SECRET": SECRET, "MILEPOST_DATABASE_URL": "postgresql://u:hunter2@h/d"}
    shown = repr(Settings.from_environ(secrets))
    assert SECRET not in shown
    assert "hunter2" not in shown
    assert variable_of("secret") in shown
