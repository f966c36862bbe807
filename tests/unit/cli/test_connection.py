"""kubectl's connection options: on every verb and before it, passed on as they are."""

import click
import pytest
from click.testing import CliRunner

from kubectl_containerjob.connection import _SWITCHES, _VALUES, connected, options, remember
from kubectl_containerjob.kubectl import Kubectl


@click.group()
@options
@click.pass_context
def group(ctx: click.Context, **given: object) -> None:
    remember(ctx, given)


@group.command()
@connected
@click.argument("name")
def verb(kubectl: Kubectl, name: str) -> None:
    click.echo(f"{name} {kubectl.chosen_namespace} {' '.join(kubectl.flags)}".strip())


def said(*words: str) -> str:
    result = CliRunner().invoke(group, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_without_options_kubectl_decides_everything() -> None:
    assert said("verb", "x") == "x None"


@pytest.mark.parametrize("option", [name for name, _ in _VALUES])
def test_every_option_is_passed_on_wherever_it_stands(option: str) -> None:
    assert said("verb", "x", f"{option}=y") == f"x None {option}=y"
    assert said(option, "y", "verb", "x") == f"x None {option}=y"


@pytest.mark.parametrize("switch", [name for name, _ in _SWITCHES])
def test_every_switch_is_passed_on_wherever_it_stands(switch: str) -> None:
    assert said("verb", "x", switch) == said(switch, "verb", "x") == f"x None {switch}"


def test_what_stands_behind_the_verb_wins() -> None:
    assert said("-n", "a", "--context=one", "verb", "x", "-n", "b", "--context=two") == "x b --context=two"
    assert said("-n", "a", "verb", "x") == "x a"


def test_what_may_be_repeated_is_passed_on_each_time() -> None:
    assert said("verb", "x", "--as-group=a", "--as-group=b") == "x None --as-group=a --as-group=b"
    assert said("--as-group=a", "verb", "x") == "x None --as-group=a"
    assert said("verb", "x", "-s", "https://y") == "x None --server=https://y"
