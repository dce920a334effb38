"""Any text of a flow comes back unchanged from the file that mfp makes, and nothing else does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)
HOSTILE = st.sampled_from(
    [
        *("'''", '"""', '\\"', "\\", "{}", "{{ x }}", "%s"),
        *("$(touch owned)", "\n)\nimport os\n", "\u202e"),
    ]
)
TEXTS = st.lists(TEXT | st.builds("{}{}".format, TEXT, HOSTILE), min_size=40, max_size=40)
# Prefect renders none of it, and says what the file has.
READ = """\
import inspect, json, sys
import out
facts = out.flow_facts()
[function] = [one for one in vars(out).values() if isinstance(one, out.Flow)]
defaults = {
    name: one.default for name, one in inspect.signature(function.fn).parameters.items()
}
found = {one.name: [one.help, defaults[one.argument]] for one in facts.parameters}
options = list(facts.run_options)
print(json.dumps({"parameters": found, "options": options, "tasks": sorted(facts.steps)}))
"""


def run(folder: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@given(TEXTS, TEXTS, TEXT)
@settings(max_examples=3)
def test_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory, helps: list[str], defaults: list[str], doc: str
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    lines = [
        f"    p{number} = Parameter('p{number}', default={default!r}, help={text!r})"
        for number, (text, default) in enumerate(zip(helps, defaults, strict=True))
    ]
    source = [
        "from metaflow import FlowSpec, Parameter, step",
        "class TextFlow(FlowSpec):",
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
        "    TextFlow()",
    ]
    (folder / "flow.py").write_text("\n".join(source), encoding="utf-8")
    tags = [text for text in {one.strip() for one in defaults} if 0 < len(text) < 100]
    # TOML's strings are JSON's, but for surrogates and one control character.
    listed = json.dumps(tags, ensure_ascii=False).replace("\x7f", "\\u007f")
    (folder / "pyproject.toml").write_text(f"[tool.mfp]\ntags = {listed}\n", encoding="utf-8")
    run(folder, "-m", "mfp", "convert", "flow.py", "-o", "out.py")
    found = json.loads(run(folder, "-c", READ))
    assert found["parameters"] == {
        f"p{number}": [text, default]
        for number, (text, default) in enumerate(zip(helps, defaults, strict=True))
    }
    assert found["options"] == [f"--tag={tag}" for tag in tags]
    assert found["tasks"] == ["end", "start"]
    assert not (folder / "owned").exists()
