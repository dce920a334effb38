"""The source hash of a deployment: does the server have what would be deployed now?"""

import json
from hashlib import sha256
from pathlib import Path

from metaflow_prefect.deploy.deployment import Deployment

from mfp.convert.loading.exchange import Reply
from mfp.convert.memory.state import checksum_in

LENGTH = 32


def source_hash(deployment: Deployment, reply: Reply, root: Path, ignored: Path) -> str:
    """Give the hash of all that a deployment is made from.

    That is every file of the repository that loading the flow imported or read, the generated
    file, and the deployment's own facts, such as its schedule and its work pool. It is the same
    in every clone of the repository.

    Args:
        deployment: The deployment.
        reply: What loading the flow gave.
        root: The repository's folder.
        ignored: The folder that generated files go to.

    Returns:
        The hash.
    """
    files = {}
    for name, state in reply.files.items():
        path = Path(name)
        if checksum_in(state) is None or path.is_relative_to(ignored):
            continue
        if path.is_relative_to(root):
            inside = path.relative_to(root)
            if not any(part.startswith(".") for part in inside.parts[:-1]):
                files[inside.as_posix()] = state
    facts = {
        "files": files,
        "text": reply.digest,
        "description": deployment.description.as_json(),
        "name": deployment.name,
        "entrypoint": deployment.entrypoint,
        "pull": [*deployment.pull],
        "work_pool": deployment.work_pool,
        "repository": deployment.record and deployment.record.repository,
        "source": deployment.record and deployment.record.source,
    }
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:LENGTH]
