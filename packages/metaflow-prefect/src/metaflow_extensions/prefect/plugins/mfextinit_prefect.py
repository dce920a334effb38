"""Tell Metaflow what this extension adds."""

import sys

CLIS_DESC = [("prefect", ".cli_prefect.cli")]
DEPLOYER_IMPL_PROVIDERS_DESC = [("prefect", ".prefect_deployer.PrefectDeployer")]

if "prefect" in sys.argv:
    # Metaflow loads the command when the flow's decorators have been initialised already.
    from metaflow_prefect.load.configs import ConfigFiles
    from metaflow_prefect.load.import_errors import report_in_one_line
    from metaflow_prefect.load.step_problems import StepProblems

    ConfigFiles.look_beside_flow()
    StepProblems.record()
    report_in_one_line()
