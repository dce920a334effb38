"""Any text of a flow comes back unchanged from the file that mfp makes, and nothing else does."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.run import python

TEXT = st.text(st.characters(), max_size=40)
UTF_8 = st.text(st.characters(codec="utf-8"), max_size=40)
# Of what Python takes as a name; a digit or a mark may not come first.
NAME = st.text(st.characters(), max_size=30).map(
    lambda text: "".join(c for c in text if f"a{c}".isidentifier())
)
HOSTILE = st.sampled_from(
    [
        *("'''", '"""', '\\"', "\\", "{}", "{{ x }}", "%s"),
        *("$(touch owned)", "\n)\nimport os\n", "\u202e", "\x85", "\u2028x", " \ufeff:"),
        *("yes", "n", "Off", "12:30", "1:2:3", "=", "1_0"),
    ]
)
NAMES = st.lists(NAME, min_size=40, max_size=40)
TEXTS = st.lists(TEXT | HOSTILE | st.builds("{}{}".format, TEXT, HOSTILE), min_size=40, max_size=40)
# Prefect renders none of it, and says what the file has.
READ = """\
import inspect, json, sys
import flow_prefect as out
from prefect import Flow
facts = out.metaflow_flow()
[function] = [one for one in vars(out).values() if isinstance(one, Flow)]
defaults = {
    name: one.default for name, one in inspect.signature(function.fn).parameters.items()
}
parameters = out.runtime.parameters_of(function)
found = {one.name: [one.help, defaults[one.argument]] for one in parameters}
options = list(facts.run_options)
arguments = {one.name: one.argument for one in parameters}
found = {"parameters": found, "options": options, "tasks": sorted(facts.steps)}
print(json.dumps({**found, "name": function.name, "arguments": arguments}))
"""


def run(folder: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = python(*words, folder=folder, variables=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Python itself refuses a class whose docstring is not UTF-8.
@given(TEXTS, TEXTS, st.lists(UTF_8 | HOSTILE, min_size=40, max_size=40), UTF_8, NAME, NAMES)
@settings(max_examples=3)
def test_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    helps: list[str],
    defaults: list[str],
    some: list[str],
    doc: str,
    name: str,
    names: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    flow = unicodedata.normalize("NFKC", f"{name}Flow" if name.isidentifier() else f"F{name}")
    parameters = [f"p{number}_{text}" for number, text in enumerate(names)]
    lines = [
        f"    p{number} = Parameter({called!r}, default={default!r}, help={text!r})"
        for number, (called, text, default) in enumerate(
            zip(parameters, helps, defaults, strict=True)
        )
    ]
    source = [
        "from metaflow import FlowSpec, Parameter, step",
        f"class {flow}(FlowSpec):",
        f"    __doc__ = {doc!r}",
        *lines,
        "    @step",
        "    def start(self):",
        f"        {helps[0]!r}",
        "        self.next(self.end)",
        "    @step",
        "    def end(self):",
        f"        {helps[1]!r}",
        "if __name__ == '__main__':",
        f"    {flow}()",
    ]
    (folder / "flow.py").write_text("\n".join(source), encoding="utf-8")
    stripped = {one.strip() for one in some}
    tags = sorted(text for text in stripped if 0 < len(text) < 100 and "{{" not in text)
    # TOML's strings are JSON's, but for one control character.
    listed = json.dumps(tags, ensure_ascii=False).replace("\x7f", "\\u007f")
    (folder / "pyproject.toml").write_text(f"[tool.mfp]\ntags = {listed}\n", encoding="utf-8")
    run(folder, "-m", "mfp", "convert-all", "--output-dir", ".", "--prefect-yaml", "prefect.yaml")
    found = json.loads(run(folder, "-c", READ))
    assert found["parameters"] == {
        called: [text, default]
        for called, text, default in zip(parameters, helps, defaults, strict=True)
    }
    assert (found["name"], found["tasks"]) == (flow, ["end", "start"])
    assert found["options"] == [f"--tag={tag}" for tag in tags]

    # As Prefect reads it.
    text = (folder / "prefect.yaml").read_text(encoding="utf-8")
    [entry] = yaml.safe_load(text)["deployments"]
    assert (entry["metaflow_flow"], entry.get("tags", [])) == (f"flow.py:{flow}", tags)
    given = entry.get("parameters", {})
    for called, default in zip(parameters, defaults, strict=True):
        left_out = "{{" in default or "\0" in default or not is_utf_8(default)
        assert given.get(found["arguments"][called]) == (None if left_out else default)
    again = ("--output-dir", ".", "--prefect-yaml", "prefect.yaml", "--check", "--no-cache")
    run(folder, "-m", "mfp", "convert-all", *again)
    assert not (folder / "owned").exists()


def is_utf_8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
