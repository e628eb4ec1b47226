"""The same service seen as several nodes of a trace map, and which of them is the resource that people act on.

AWS X-Ray draws a service as more than one node (X-Ray developer guide, "Viewing and filtering the trace map"; "Lambda
and X-Ray"): `NAME_client` is whoever calls it from outside, a node without a type is what code inside the resource
reported under the same name, and the node with a resource type, `NAME_AWS::<product>::<resource>`, is what runs it.
"""

import re
from collections.abc import Iterable

_RESOURCE = re.compile(r"^(?P<name>.+)_AWS::\w+::\w+$")
_CLIENT = "_client"


def resources_of(nodes: Iterable[str]) -> dict[str, str]:
    """For each node that is a view of a resource among `nodes` that resource; nodes that are none are left out.

    A view of a name that several resources bear is left out too: nobody can tell whose it is.
    """
    listed = sorted(set(nodes))
    resources: dict[str, list[str]] = {}
    for node in listed:
        if (match := _RESOURCE.match(node)) is not None:
            resources.setdefault(match["name"], []).append(node)
    views = {node: resources.get(node.removesuffix(_CLIENT), []) for node in listed}
    return {node: found[0] for node, found in views.items() if len(found) == 1 and found[0] != node}
