"""What an editor shows: the JSON Schema in the language server that most editors use for YAML (`make editor` installs it)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from abstory.cli.main import run

SERVER = Path(__file__).parents[2] / ".venv" / "editor" / "node_modules" / ".bin" / "yaml-language-server"
TEXT = """\
version: 1
key: cta
factors: {cta: [none, shop_now]}
metrics: {primary: cta_rate}
analysis:
  looks: nope
  alpha: 5%

foo: 1
"""
pytestmark = [pytest.mark.long, pytest.mark.skipif(not SERVER.exists(), reason="make editor installs the server")]


class Editor:
    """As much of an editor as the language server talks to, over its standard streams."""

    def __init__(self, schema):
        self.schema = schema
        self.server = subprocess.Popen([SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask("initialize", 1, processId=os.getpid(), rootUri=None, capabilities={})
        self.tell("initialized")
        yaml = {"schemaStore": {"enable": False}, "validate": True, "completion": True}
        self.tell("workspace/didChangeConfiguration", settings={"yaml": yaml})

    def tell(self, method, ident=None, /, **params):
        body = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if ident is None else {"id": ident})
        data = json.dumps(body).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.server.stdin.flush()

    def ask(self, method, ident, /, **params):
        self.tell(method, ident, **params)
        return self.wait(lambda told: told.get("id") == ident and "method" not in told)["result"]

    def wait(self, wanted):
        while not wanted(told := self.read()):
            pass
        return told

    def read(self):
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self.server.stdout.read(length))

    def open(self, text):
        self.uri = Path("x.yaml").absolute().as_uri()
        head = f"# yaml-language-server: $schema={self.schema}\n"
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": head + text}
        self.tell("textDocument/didOpen", textDocument=document)
        return self.wait(lambda told: told.get("method") == "textDocument/publishDiagnostics")["params"]["diagnostics"]

    def complete(self, line, character):
        place = {"line": line, "character": character}
        found = self.ask("textDocument/completion", 2, textDocument={"uri": self.uri}, position=place)
        return {item["label"] for item in found["items"]}


@pytest.fixture
def editor(tmp_path, capsys):
    assert run(["schema"]) == 0
    (tmp_path / "schema.json").write_text(capsys.readouterr().out, encoding="utf-8")
    editor = Editor((tmp_path / "schema.json").as_uri())
    yield editor
    editor.server.kill()
    editor.server.communicate()


def test_wrong_values_and_unknown_fields_are_underlined(editor):
    found = {(one["range"]["start"]["line"], one["message"].split(".")[0]) for one in editor.open(TEXT)}
    assert found == {(6, "Value is not accepted"), (9, "Property foo is not allowed")}


def test_fields_and_choices_are_completed(editor):
    editor.open(TEXT.replace("  alpha: 5%", "  "))
    assert {"alpha", "covariates", "multiplicity", "window"} <= editor.complete(7, 2)
    editor.open(TEXT.replace("nope", ""))
    assert {"always_valid", "fixed"} <= editor.complete(6, 9)


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[2] / "experiments").glob("*.yaml")), ids=lambda f: f.stem
)
def test_the_examples_are_without_remark(editor, file):
    assert editor.open(file.read_text(encoding="utf-8")) == []
