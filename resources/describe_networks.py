"""Describe the named networks anew: resources/networks/*.json.

Run from the repository root, after a change of what a description holds or of the locked packages:

    PYTHONPATH=workflow python resources/describe_networks.py
"""

from scalestream.networks.architectures import NAMED, RESOURCES
from scalestream.networks.describing import describe

for name in NAMED:
    (RESOURCES / "networks" / f"{name}.json").write_text(describe(name).to_json())
    print(name, flush=True)
