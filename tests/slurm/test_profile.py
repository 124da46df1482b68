"""The profile for Slurm and the rules that there are."""

import re

import yaml

from conftest import REPOSITORY

HEAD = re.compile(r"^ *(?:rule (\w+)|use rule (\w+) as (\w+))(?::| with:)$", re.MULTILINE)


def test_every_rule_that_uses_a_gpu_is_given_one():
    """A rule that is made of another has resources of its own in a profile, which goes by names."""
    given = yaml.safe_load((REPOSITORY / "profiles/slurm/config.yaml").read_text())["set-resources"]
    rules, uses_gpu, copies = set(), set(), {}
    for path in (REPOSITORY / "workflow/rules").rglob("*.smk"):
        text = path.read_text()
        heads = list(HEAD.finditer(text))
        for head, end in zip(heads, [*(head.start() for head in heads[1:]), len(text)]):
            name, copied, copy = head.groups()
            rules.add(name or copy)
            copies |= {copy: copied} if copy else {}
            uses_gpu |= {name} if name and "gpu=gpus" in text[head.end() : end] else set()
    uses_gpu |= {copy for copy, copied in copies.items() if copied in uses_gpu}
    assert len(uses_gpu) > 25 and set(given) - rules == set()
    assert uses_gpu - {rule for rule, resources in given.items() if resources.get("gpu") == 1} == set()
