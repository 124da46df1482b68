"""The networks of a family: their configurations, their names, and what they share."""

import pytest
import yaml

from conftest import REPOSITORY
from runs import PLANTED
from scalestream.config import checking
from scalestream.config.files import overlaid
from scalestream.config.members import has_members, members
from scalestream.errors import InputError

DEFAULT = yaml.safe_load((REPOSITORY / "config.yaml").read_text())


def family(*networks: dict, **more) -> dict:
    return overlaid(DEFAULT, {"family": {"networks": list(networks), **more}})


def test_a_configuration_without_a_list_is_of_one_network():
    assert not has_members(DEFAULT) and not has_members({}) and not has_members({"family": None})
    assert has_members(family({"name": "a"}))


def test_each_has_the_common_configuration_but_for_what_it_says_itself():
    config = overlaid(family({"name": "a"}, PLANTED), {"criteria": {"tolerance": 2}})
    alone, planted = members(config)
    assert alone.config == checking.check(overlaid(DEFAULT, {"criteria": {"tolerance": 2}}))
    assert planted.config["model"]["architecture"] == "planted" and planted.config["criteria"]["tolerance"] == 2
    assert planted.config["images"]["demo"] == DEFAULT["images"]["demo"] and not has_members(planted.config)


def test_every_recipe_and_seed_of_a_network():
    recipes = [{"name": "short", "visualization": {"steps": 2}}, {"name": "long", "visualization": {"steps": 9}}]
    found = members(family({"name": "a"}, {"name": "b", "blocks": ["2.1"], "ablation": {"blocks": []}}, recipes=recipes))
    assert [member.name for member in found] == ["a_short", "a_long", "b_short", "b_long"]
    assert [member.config["visualization"]["steps"] for member in found] == [2, 9, 2, 9]
    assert found[3].config["blocks"] == ["2.1"]
    assert found[2].factors == {"network": "b_short", "arm": "b", "recipe": "short", "seed": None}


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"images": {"batch_size": 7}}, True),
        ({"model": {"weights": "random:0"}}, True),
        ({"images": {"crop": 96}}, True),
        ({"images": {"root": None}}, True),
        ({"images": {"resize": 120}}, False),
        ({"images": {"interpolation": "bicubic"}}, False),
        ({"images": {"demo": {"seed": 1}}}, False),
        ({"images": {"cache": False}}, False),
    ],
)
def test_networks_share_the_images_that_are_equal_when_resized(change, shared):
    one, other = members(family({"name": "a"}, {"name": "b"} | change))
    assert (one.image_set == other.image_set) == shared


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (family({"name": "a"}, {"name": "A"}), "config: family.networks: two have the name a; rename one"),
        (
            family({"name": "a"}, {"name": "a_b"}, recipes=[{"name": "b_c"}, {"name": "c"}]),
            "config: family: two networks come to the name a_b_c; rename one",
        ),
        (
            family({"name": "a", "model": {"architecture": "resnet51"}}),
            "network a: config: model.architecture: unknown network 'resnet51'; did you mean resnet50",
        ),
        (
            family({"name": "a", "visualization": {"stepz": 2}}),
            "network a: config: visualization.stepz is not a known key; did you mean 'steps'?",
        ),
        (family({"name": "a-b"}), "config: family.networks.0.name: 'a-b' is not allowed; a name has letters, digits and"),
        (family({"model": {}}), "config: family.networks.0.name is missing"),
        (family({"name": "a", "family": {}}), "config: family.networks: a has a key family; take it out"),
        (family({"name": "a"}, reference="b"), "config: family.reference: there is no network 'b'; give one of a, or null"),
        (family({"name": "a"}, network=1), "config: family.network is not a known key; did you mean 'networks'?"),
    ],
)
def test_a_fault_is_one_line_that_names_the_network(config, line):
    with pytest.raises(InputError) as error:
        members(config)
    assert len(str(error.value).splitlines()) == 1 and str(error.value).startswith(line)
