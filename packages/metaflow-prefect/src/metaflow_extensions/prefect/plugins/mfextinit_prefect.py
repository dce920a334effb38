"""Tell Metaflow what this extension adds."""

import sys
from importlib.util import find_spec

CLIS_DESC = [("prefect", ".cli_prefect.cli")]
STEP_DECORATORS_DESC = [("prefect_internal", ".prefect_internal.PrefectInternalDecorator")]
DEPLOYER_IMPL_PROVIDERS_DESC = [("prefect", ".prefect_deployer.PrefectDeployer")]

# A step or a tag may have that name as well, in a container that has this extension alone.
if "prefect" in sys.argv and find_spec("metaflow_prefect"):
    # Metaflow loads the command when the flow's decorators have been initialised already.
    from metaflow_prefect.load.configs import ConfigFiles
    from metaflow_prefect.load.import_errors import report_in_one_line
    from metaflow_prefect.load.step_problems import StepProblems

    ConfigFiles.look_beside_flow()
    StepProblems.record()
    report_in_one_line()
