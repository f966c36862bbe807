"""Rendering and linting of templates: pure."""

import copy
from typing import Any

import click
import pytest

from containerjob_api.templates import ContainerJobTemplate
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.templates.lint import mistakes, samples
from kubectl_containerjob.templates.placeholders import filled, places, texts
from kubectl_containerjob.templates.rendering import allowed, given, refusal, render
from kubectl_containerjob.templates.sample_values import sample

Json = dict[str, Any]


def container(**fields: Any) -> Json:
    return {"name": "main", "image": "busybox:1.37", **fields}


def template(*parameters: Json, metadata: Json | None = None, **fields: Any) -> Json:
    job: Json = {"spec": {"template": {"spec": {"containers": [container(**fields)]}}}}
    if metadata is not None:
        job["metadata"] = metadata
    return {
        "metadata": {"name": "report", "namespace": "team"},
        "spec": {"parameters": list(parameters), "template": job},
    }


def args_of(job: Json) -> list[str]:
    return list(job["spec"]["template"]["spec"]["containers"][0]["args"])


REQUIRED: Json = {"name": "input", "required": True, "description": "What is read"}
SIZE: Json = {"name": "size", "default": "small", "enum": ["small", "large"]}
MONTH: Json = {"name": "month", "default": "2026-01", "pattern": "[0-9]{4}-[0-9]{2}|now"}


def problem(template: Json, values: dict[str, str]) -> str:
    with pytest.raises(Problem) as caught:
        render(template, values)
    return caught.value.message


def test_values_and_defaults_go_to_every_text() -> None:
    places_everywhere = template(
        REQUIRED,
        SIZE,
        metadata={"labels": {"size": "$(params.size)"}, "annotations": {"a": "of $(params.input)"}},
        image="busybox:$(params.size)",
        args=["$(params.input)/$(params.size)"],
        env=[{"name": "SIZE", "value": "$(params.size)"}],
        workingDir="$(params.input)",
    )

    job = render(places_everywhere, {"input": "/data"})

    assert job["metadata"] == {
        "generateName": "report-",
        "labels": {"size": "small", "containerjobs.io/template": "report"},
        "annotations": {"a": "of /data"},
    }
    assert job["spec"]["template"]["spec"]["containers"] == [
        container(
            image="busybox:small",
            args=["/data/small"],
            env=[{"name": "SIZE", "value": "small"}],
            workingDir="/data",
        )
    ]
    assert (job["apiVersion"], job["kind"]) == ("containerjobs.io/v1alpha1", "ContainerJob")


def test_the_template_itself_stays_as_it_is() -> None:
    before = template(SIZE, args=["$(params.size)"])
    kept = copy.deepcopy(before)

    render(before, {"size": "large"})

    assert before == kept


@pytest.mark.parametrize("text", ["$(date)", "$HOME", "${HOME}", "$(HOME)", "$$", "{{ .Values.x }}", "$(params)"])
def test_what_shells_kubernetes_and_helm_expand_is_left_to_them(text: str) -> None:
    assert args_of(render(template(args=[text]), {})) == [text]


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        ("$$(params.size)", "$(params.size)"),
        ("$$(params.nobody)", "$(params.nobody)"),
        ("$$$(params.size)", "$$(params.size)"),
        ("$(params.size)$$(params.size)$(params.size)", "small$(params.size)small"),
    ],
)
def test_an_escaped_place_is_text(written: str, rendered: str) -> None:
    assert args_of(render(template(SIZE, args=[written]), {})) == [rendered]


def test_a_value_that_looks_like_a_place_stays_text() -> None:
    job = render(template(REQUIRED, SIZE, args=["$(params.input)"]), {"input": r"$(params.size) $$(params.x) \1"})

    assert args_of(job) == [r"$(params.size) $$(params.x) \1"]


def test_numbers_and_keys_are_left_alone() -> None:
    assert filled({"$(params.a)": [1, True, None, "$(params.a)"]}, {"a": "x"}) == {
        "$(params.a)": [1, True, None, "x"]
    }


def test_a_required_parameter_that_is_missing_is_named_with_what_it_may_be() -> None:
    assert problem(template(REQUIRED, args=["$(params.input)"]), {}) == (
        "template report: parameter input (What is read) is required: give -p input=VALUE, any text"
    )


def test_every_mistake_is_told_at_once() -> None:
    told = problem(
        template(REQUIRED, SIZE, MONTH, args=["$(params.nobody) $(params.size"]),
        {"size": "huge", "month": "now\n", "colour": "red"},
    )

    assert told.split(": ", 1)[1].split("; ") == [
        "parameter input (What is read) is required: give -p input=VALUE, any text",
        "parameter size cannot be 'huge': give small or large",
        r"parameter month cannot be 'now\n': give what matches [0-9]{4}-[0-9]{2}|now",
        "there is no parameter 'colour': it has input, size, month",
        "spec.template.spec.containers[0].args[0] has $(params.nobody), but there is no parameter 'nobody':"
        " it has input, size, month",
        "spec.template.spec.containers[0].args[0] has $(params.size without its closing bracket:"
        " write $(params.NAME)",
    ]


def test_a_template_without_parameters_takes_none() -> None:
    assert problem(template(), {"a": "b"}) == "template report: there is no parameter 'a': it has none"


@pytest.mark.parametrize("value", ["2026-02", "now"])
def test_a_pattern_is_matched_from_beginning_to_end(value: str) -> None:
    assert refusal(MONTH, value) is None
    assert refusal(MONTH, f"{value}x") is not None
    assert refusal(MONTH, f"x{value}") is not None


@pytest.mark.parametrize("pattern", [r"\pL+", "[[:alpha:]]", "(", "a(?i)b"])
def test_a_pattern_that_python_reads_in_no_way_or_another_is_named(pattern: str) -> None:
    told = refusal({"name": "x", "pattern": pattern}, "a")

    assert told is not None
    assert told.startswith(f"parameter x has the pattern {pattern}, which cannot be used (")


def test_digits_are_ascii_digits_as_on_the_api_server() -> None:
    assert refusal({"name": "x", "pattern": r"\d"}, "٣") is not None


def test_a_long_value_is_quoted_in_part() -> None:
    told = refusal(SIZE, "x" * 500)

    assert told == f"parameter size cannot be '{'x' * 60}…': give small or large"


def test_what_is_allowed_is_said_in_words() -> None:
    assert allowed({"name": "x"}) == "any text"
    assert allowed({"name": "x", "enum": ["", "a"]}) == '"" or a'
    assert allowed({"name": "x", "pattern": "a+"}) == "what matches a+"


def test_given_values_may_be_empty_and_hold_equals_signs() -> None:
    assert given(["a=", "b=c=d", "e= f "]) == {"a": "", "b": "c=d", "e": " f "}


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["a"], "-p a is not NAME=VALUE"),
        (["=b"], "-p =b is not NAME=VALUE"),
        (["a=1", "a=2"], "-p a is given twice"),
    ],
)
def test_what_is_no_pair_is_wrong_usage(pairs: list[str], told: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        given(pairs)
    assert caught.value.message == told


def test_places_know_where_they_are() -> None:
    node = {"a": ["x", "$(params.b) $$(params.c)"], "d": {"e": "$(params.f"}, "g": 1}

    assert list(places(node)) == [("a[1]", "b", True), ("d.e", "f", False)]
    assert list(texts("x")) == [("", "x")]


def test_a_right_template_has_no_mistakes() -> None:
    assert (
        list(mistakes(template(REQUIRED, SIZE, MONTH, args=["$(params.input) $(params.size) $(params.month)"]))) == []
    )


def test_mistakes_tell_of_places_uses_and_values() -> None:
    wrong = template(
        {"name": "unused", "default": ""},
        {"name": "size", "default": "huge", "enum": ["small"]},
        {"name": "month", "required": True, "enum": ["x"], "pattern": "y"},
        args=["$(params.size) $(params.month) $(params.nobody)"],
    )

    assert list(mistakes(wrong)) == [
        "spec.template.spec.containers[0].args[0] has $(params.nobody), but there is no parameter 'nobody':"
        " it has unused, size, month",
        "parameter unused is not used: remove it, or write $(params.unused) where it belongs",
        "default: parameter size cannot be 'huge': give small",
        "enum: parameter month cannot be 'x': give x",
    ]


def test_samples_fit_what_is_required() -> None:
    parameters = (
        {"name": "any", "required": True},
        {"name": "choice", "required": True, "enum": ["b", "a"]},
        {"name": "month", "required": True, "pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}"},
        {"name": "folder", "required": True},
        {"name": "given", "required": True, "pattern": "Q{17}"},
        {"name": "made", "required": True, "pattern": "Q{3}"},
        {"name": "hard", "required": True, "pattern": r"[a-z]\b[a-z]|QQ"},
        SIZE,
    )

    values, unknown = samples(template(*parameters, workingDir="$(params.folder)/x"), {"given": "Q" * 17})

    assert values == {
        "given": "Q" * 17,
        "any": "1",
        "choice": "b",
        "month": "1111-11-11",
        "folder": "/example",
        "made": "QQQ",
    }
    assert unknown == ["hard"]


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ("[0-9]{4}-[0-9]{2}", "1111-11"),
        ("[a-z]+(/[a-z]+)*", "a"),
        ("(?:a|b)+c?d*?e{2,}f{1,3}", "aeef"),
        (r"\d+\.\w[.]\D\\", "1.1.a\\"),
        ("^(?P<x>s3|gs)://.+$", "s3://1"),
        ("[^0-9a]x", " x"),
        ("[]]x|y", "]x"),
        (r"[\]]", "]"),
        ("(?i)abc", "abc"),
        ("", ""),
    ],
)
def test_a_sample_is_the_least_that_a_pattern_asks_for(pattern: str, made: str) -> None:
    assert sample(pattern) == made
    assert refusal({"name": "x", "pattern": pattern}, made) is None


@pytest.mark.parametrize("pattern", ["[z-a]", "(", "[", "\\", "a)", "{", "a{2", r"[^\s\S]"])
def test_what_is_no_pattern_has_some_sample_all_the_same(pattern: str) -> None:
    assert isinstance(sample(pattern), str)


def test_the_model_reads_what_the_plugin_renders_from() -> None:
    read = ContainerJobTemplate.from_body(template(REQUIRED, SIZE, MONTH, workingDir="$(params.input)"))

    assert [parameter.name for parameter in read.spec.parameters] == ["input", "size", "month"]
    assert read.spec.template.spec.template.spec.containers[0].working_dir == "$(params.input)"
