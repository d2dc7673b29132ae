"""Parts of an experiment file, made whole."""

import re

import pytest

BASE = {
    "version": "version: 1",
    "key": "key: cta-button",
    "factors": "factors: {cta: [none, shop_now]}",
    "metrics": "metrics: {primary: [{name: cta_rate, mde: 5%}], guardrails: [{name: hide_rate, margin: 20%}]}",
}


@pytest.fixture(scope="session")
def whole():
    """A file of some sections as they are written, and of the others as a clean file has them."""

    def whole(part):
        own = set(re.findall(r"^(\w+):", part, re.MULTILINE))
        return "\n".join([part.rstrip("\n"), *(line for name, line in BASE.items() if name not in own)]) + "\n"

    return whole
